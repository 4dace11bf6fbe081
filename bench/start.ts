import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startProcess } from '../scripts/machine/process.ts'
import { temporaryDirectory } from '../test/support/temporary-directory.ts'
import { cpuSeconds, median, processTree, residentBytes } from './support/measure.ts'

/*
 * Time from the start of `slipway serve` to its ready line, on a data directory that exists already, and what an idle
 * worker takes.
 *   node bench/start.ts [--rounds N]
 */

const WORKERS = 2
const IDLE_SECONDS = 5
const PROGRAM = fileURLToPath(new URL('../bin/slipway', import.meta.url))
const FLAGS = ['--port', '0', '--runtime', 'none', '--workers', String(WORKERS), '--log-level', 'warn']

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } })
const data = await temporaryDirectory('slw-bench-')
const times: number[] = []
const cpu: number[] = []
const memory: number[] = []
const idle: number[] = []
try {
  // The first start makes the data directory.
  for (let round = -1; round < Number(values.rounds); round++) {
    const start = performance.now()
    const server = startProcess(PROGRAM, ['serve', ...FLAGS, '--data-dir', data.path])
    await server.waitForOutput(/ready at/)
    const ready = performance.now() - start
    const [supervisor, ...workers] = processTree(server.pid)
    const spent = cpuSeconds([supervisor!, ...workers])
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    const before = cpuSeconds([supervisor!, ...workers])
    await new Promise((resolve) => setTimeout(resolve, IDLE_SECONDS * 1_000))
    if (round >= 0) {
      times.push(ready)
      cpu.push(spent)
      memory.push(...workers.map(residentBytes))
      idle.push((cpuSeconds([supervisor!, ...workers]) - before) / IDLE_SECONDS)
    }
    await server.stop()
  }
} finally {
  await data.remove()
}
console.log(`ready after        ${(median(times) / 1000).toFixed(2)} s (aim: 1.5), ${median(cpu).toFixed(2)} s of CPU`)
console.log(`an idle worker has ${(median(memory) / 1024 / 1024).toFixed(0)} MiB resident (aim: 150)`)
console.log(`idle, ${WORKERS} workers    ${(median(idle) * 100).toFixed(1)} % of a core`)
