import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { signRequest } from '../src/wire/sigv4/sign.ts'
import { type AsyncEndpoint, deployAsync } from '../test/support/async-endpoint.ts'
import { setup } from '../test/support/global-engine.ts'
import { type HostingFixture, startHosting } from '../test/support/hosting.ts'
import { lacksEngine } from '../test/support/shared-engine.ts'
import { syncsPerSecond } from './support/disk.ts'
import { cpuSeconds, median, printTable, processTree } from './support/measure.ts'
import { observeQueues, type QueueObserver } from './support/queue-observer.ts'
import { measure, writeScript } from './support/wrk.ts'

/*
 * Asynchronous inference through the whole server with signatures verified: how many requests a second are accepted while nobody works
 * on them, against what the disk syncs meanwhile; how many while they are worked on, how many are answered by a container that answers at
 * once, what CPU one takes, and how long one alone takes from its acceptance to its object.
 *   node bench/async-inference.ts [--rounds N] [--seconds N] [--alone N]
 */

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '4' },
    alone: { type: 'string', default: '200' },
  },
})
const CONNECTIONS = 64
const BODY = 'x'.repeat(1024)

/** What wrk sends: one signed request over and over, with its input in an object. */
function load({ slipway }: HostingFixture, endpoint: AsyncEndpoint) {
  const { accessKeyId, secretAccessKey, region, url } = slipway
  const target = `/endpoints/${endpoint.name}/async-invocations`
  const headers = {
    host: new URL(url).host,
    'x-amzn-sagemaker-content-type': 'text/plain',
    'x-amzn-sagemaker-inputlocation': `s3://${endpoint.bucket}/in`,
  }
  const credentials = { accessKeyId, secretAccessKey }
  const signed = signRequest({ method: 'POST', target, headers }, Buffer.alloc(0), {
    ...{ credentials, region },
    service: 'sagemaker',
    now: Date.now(),
  })
  return { url: `${url}${target}`, load: { method: 'POST', headers: signed, body: '' } }
}

async function alone(endpoint: AsyncEndpoint, observer: QueueObserver, count: number): Promise<readonly number[]> {
  const times: number[] = []
  for (let index = 0; index < count; index++) {
    const start = performance.now()
    const accepted = await endpoint.send(`alone-${index}`, { body: BODY })
    if (accepted === undefined) throw new Error('not accepted')
    while (!(await observer.has(endpoint.bucket, accepted.output))) await setTimeout(0.5)
    times.push(performance.now() - start)
    // One alone: what the one before has left to do is over.
    await setTimeout(20)
  }
  return times
}

/** Sends to an endpoint without instances: accepted a second, how often the disk syncs in one, and the CPU of one in milliseconds. */
async function acceptOnly(hosting: HostingFixture, observer: QueueObserver, directory: string, rounds: number) {
  const endpoint = await deployAsync(hosting, 'bench-accept', { instances: 1 })
  await endpoint.scale(0)
  await hosting.atRest('bench-accept')
  const { url, load: sent } = load(hosting, endpoint)
  const script = await writeScript(directory, 'accept', sent)
  const server = hosting.slipway.process.pid
  const results: { accepted: number; syncs: number; cpu: number }[] = []
  for (let index = 0; index < rounds; index++) {
    const syncs = syncsPerSecond(hosting.slipway.dataDir, 1)
    const before = cpuSeconds(processTree(server))
    const { requests, duration } = await measure(url, script, {
      connections: CONNECTIONS,
      seconds: Number(values.seconds),
    })
    const cpu = ((cpuSeconds(processTree(server)) - before) * 1000) / requests
    results.push({ accepted: requests / duration, syncs, cpu })
  }
  await hosting.remove('bench-accept')
  // What is counted later is of another queue.
  while ((await observer.counts()).accepted > 0) await setTimeout(20)
  return results
}

interface Round {
  readonly accepted: number
  readonly meanwhile: number
  readonly afterwards: number
  readonly endToEnd: number
  /** CPU of all of the server's processes, milliseconds a request. */
  readonly cpu: number
}

/** Sends for some seconds, then waits until all is answered and told. */
async function round(url: string, script: string, observer: QueueObserver, server: number): Promise<Round> {
  const cpu = () => cpuSeconds(processTree(server))
  const [before, cpuBefore, start] = [await observer.counts(), cpu(), performance.now()]
  const sent = await measure(url, script, { connections: CONNECTIONS, seconds: Number(values.seconds) })
  // Some may have been accepted after wrk stopped to count.
  const after = await observer.counts()
  const acceptSeconds = (performance.now() - start) / 1000
  // What has gathered is then worked off with nothing else to do.
  const from = performance.now()
  let ended = after.finished
  let answered = from
  while (ended < after.accepted || (await observer.untold()) > 0) {
    await setTimeout(20)
    if (ended < after.accepted) {
      ended = (await observer.counts()).finished
      answered = performance.now()
    }
    if (performance.now() - from > 300_000) throw new Error('the queue did not empty')
  }
  const count = after.accepted - before.accepted
  return {
    accepted: sent.requests / sent.duration,
    meanwhile: (after.finished - before.finished) / acceptSeconds,
    afterwards: (after.accepted - after.finished) / ((answered - from) / 1000),
    endToEnd: count / ((performance.now() - start) / 1000),
    cpu: ((cpu() - cpuBefore) * 1000) / count,
  }
}

async function main(): Promise<void> {
  if (lacksEngine('docker')) return console.log('skipped: no container engine answers, and none can be started here')
  const stopEngines = await setup()
  const directory = await mkdtemp(join(tmpdir(), 'slw-bench-'))
  const hosting = await startHosting('docker', { workers: 2 })
  const observer = await observeQueues(hosting.slipway.dataDir)
  try {
    const alones = await acceptOnly(hosting, observer, directory, Number(values.rounds))
    const endpoint = await deployAsync(hosting, 'bench-async', { instances: 2 })
    await hosting.api.putObject(endpoint.bucket, 'in', Buffer.from(BODY))
    const { url, load: sent } = load(hosting, endpoint)
    const script = await writeScript(directory, 'async', sent)
    const rounds: Round[] = []
    const server = hosting.slipway.process.pid
    for (let index = 0; index < Number(values.rounds); index++) rounds.push(await round(url, script, observer, server))
    const times = await alone(endpoint, observer, Number(values.alone))
    printTable([
      ['nobody works on them: accepted a second', ...alones.map(({ accepted }) => accepted.toFixed(0))],
      ['appends the disk syncs in a second', ...alones.map(({ syncs }) => syncs.toFixed(0))],
      ['accepted to synced', ...alones.map(({ accepted, syncs }) => `${(accepted / syncs).toFixed(1)}×`)],
      ['CPU an acceptance, ms', ...alones.map(({ cpu }) => cpu.toFixed(3))],
    ])
    const row = (name: string, of: (round: Round) => number, digits = 0) => [
      name,
      ...rounds.map((one) => of(one).toFixed(digits)),
    ]
    printTable([
      row(`accepted a second, ${CONNECTIONS} connections`, ({ accepted }) => accepted),
      row('answered a second meanwhile', ({ meanwhile }) => meanwhile),
      row('answered a second afterwards', ({ afterwards }) => afterwards),
      row('from the first to the last, message and all, a second', ({ endToEnd }) => endToEnd),
      row('CPU a request, ms', ({ cpu }) => cpu, 2),
    ])
    console.log(`one alone, from request to object: p50 ${median(times).toFixed(1)} ms`)
    console.log('aims: 2,000 a second answered, p50 15 ms; accepted at least as fast as the disk syncs')
  } finally {
    await observer.close()
    await hosting.stop()
    await stopEngines()
    await rm(directory, { recursive: true, force: true })
  }
}

await main()
