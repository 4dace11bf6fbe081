import { parseArgs } from 'node:util'
import { startEngine } from '../scripts/machine/engine.ts'
import { startHosting } from '../test/support/hosting.ts'
import { printTable } from './support/measure.ts'

/*
 * An update of all instances at once while requests come at 80 % of the rate that client, server and containers were seen
 * to bear together on this machine: failed requests, and latency before and during.
 *   node bench/updates.ts [--seconds N]
 */

const CONNECTIONS = 16
const SHARE = 0.8

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '4' } } })
const seconds = Number(values.seconds)

const engine = await startEngine('docker')
const hosting = await startHosting(engine, { workers: 2 })
try {
  const who = (name: string) => ({ name: 'v', instances: 2, container: { Environment: { WHO: name } } })
  await hosting.deploy('bench', who('old'))
  const failed: string[] = []
  /** Milliseconds, or nothing when it failed. */
  const one = async (into: number[]) => {
    const began = performance.now()
    try {
      const { status, body } = await hosting.api.invoke('bench')
      if (status === 200) into.push(performance.now() - began)
      else failed.push(`${status} ${body}`)
    } catch (error) {
      failed.push(String(error))
    }
  }
  const flatOut = async (): Promise<number> => {
    const answered: number[] = []
    const end = performance.now() + seconds * 1000
    const sender = async () => {
      while (performance.now() < end) await one(answered)
    }
    await Promise.all(Array.from({ length: CONNECTIONS }, sender))
    return answered.length / seconds
  }
  /** Requests at their times, whether earlier ones have been answered or not, until `over`. */
  const paced = async (rate: number, over: () => boolean): Promise<number[]> => {
    const answered: number[] = []
    const under: Promise<void>[] = []
    const began = performance.now()
    while (!over()) {
      const due = Math.floor(((performance.now() - began) / 1000) * rate)
      while (under.length < due) under.push(one(answered))
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    await Promise.all(under)
    return answered
  }
  await flatOut()
  const rate = SHARE * (await flatOut())
  const until = performance.now() + seconds * 1000
  const before = await paced(rate, () => performance.now() > until)
  let updated = false
  await hosting.update('bench', 'bench-next', {}, who('new'))
  const update = hosting.atRest('bench').then((found) => {
    updated = true
    return found
  })
  const during = await paced(rate, () => updated)
  const { EndpointConfigName: config } = await update
  const at = (list: readonly number[], part: number) =>
    `${([...list].sort((a, b) => a - b)[Math.floor(list.length * part)] ?? Number.NaN).toFixed(1)} ms`
  const line = (name: string, list: readonly number[]) => [name, String(list.length), at(list, 0.5), at(list, 0.99)]
  printTable([['', 'answered', 'p50', 'p99'], line('before', before), line('during the update', during)])
  console.log(
    `${failed.length} failed at ${rate.toFixed(0)} requests a second; the endpoint has ${config}; the aim is 0`,
  )
  if (failed.length > 0) {
    console.log(failed.slice(0, 5).join('\n'))
    process.exitCode = 1
  }
} finally {
  await hosting.stop()
  await engine.stop()
}
