import { parseArgs } from 'node:util'
import { CREDENTIALS } from '../test/support/invocation-gateway.ts'
import { printTable, residentBytes } from './support/measure.ts'
import type { Pace, Paced } from './support/paced-clients.ts'
import { startProgram } from './support/program.ts'
import { signedInvocation } from './support/sent-request.ts'
import type { SlowClients, SlowCounts } from './support/slow-clients.ts'

/*
 * What slow clients cost the gateway in memory: 1,000 that send bodies of 64 KiB, 1,000 that send bodies of 1 MiB and 1,000 that read
 * answers of 8 MiB, each as slowly as they can, and whether fast ones are answered meanwhile. Unbounded, they would take 64 MiB, 1,000 MiB
 * and 8,000 MiB; bodies may take 128 MiB here together. Gateway, container and clients are processes of their own.
 *   node bench/slow-clients.ts [--seconds N]
 */

const MIB = 1024 * 1024
const BUDGET = 128 * MIB
const COUNT = 1_000
/** Of the fast clients, a second. */
const RATE = 100
const TARGET = '/endpoints/bench/invocations'
const WARM_SECONDS = 10

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '8' } } })
const seconds = Number(values.seconds)

const container = await startProgram<{ readonly address: string }>('streaming-container')
const gateway = await startProgram<{ readonly port: number }>(
  'gateway-program',
  container.started.address,
  String(BUDGET),
)
const slow = await startProgram('slow-clients')
const fast = await startProgram('paced-clients')

const { port } = gateway.started
const signed = (body: string) =>
  signedInvocation({ host: `127.0.0.1:${port}`, region: 'us-east-1', ...CREDENTIALS }, TARGET, body)
const headOf = (bytes: number) => {
  const whole = signed('x'.repeat(bytes))
  return whole.slice(0, whole.indexOf('\r\n\r\n') + 4)
}
const load = (length: number, rate = RATE) =>
  fast.ask<Paced>({ port, host: '127.0.0.1', request: signed('hello'), rate, seconds: length } satisfies Pace)
const slowly = (question: Omit<SlowClients, 'port'>) =>
  slow.ask<SlowCounts>({ port, ...question } satisfies SlowClients)
const nobody = { head: '', ahead: 0, reads: false, count: 0 }

const SENDER_LACKS = 1_000
const sending = (bytes: number) => ({ head: headOf(bytes), ahead: bytes - SENDER_LACKS, reads: false, count: COUNT })
const phases = [
  { name: 'none', clients: nobody },
  { name: 'send 64 KiB', clients: sending(64 * 1024) },
  { name: 'send 1 MiB', clients: sending(MIB) },
  { name: 'read 8 MiB', clients: { head: signed(String(8 * MIB)), ahead: 0, reads: true, count: COUNT } },
]

try {
  await load(WARM_SECONDS, 20 * RATE)
  const idle = residentBytes(gateway.pid)
  const rows: string[][] = []
  for (const { name, clients } of phases) {
    let most = 0
    const look = setInterval(() => {
      most = Math.max(most, residentBytes(gateway.pid) - idle)
    }, 100)
    await slowly(clients)
    const answers = await load(seconds)
    clearInterval(look)
    const { open, refused } = await slowly({ ...nobody, count: 0 })
    const fastOnes = [`${answers.p50.toFixed(1)} ms`, `${answers.p99.toFixed(1)} ms`, String(answers.refused)]
    rows.push([name, `${(most / MIB).toFixed(0)} MiB`, String(open), String(refused), ...fastOnes])
  }
  console.log(`${COUNT} slow clients; ${RATE} requests a second of fast ones for ${seconds} s`)
  printTable([['', 'resident growth', 'left open', 'refused', 'fast: p50', 'p99', 'refused'], ...rows])
} finally {
  for (const program of [fast, slow, gateway, container]) await program.stop()
}
