import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { signRequest } from '../src/wire/sigv4/sign.ts'
import { setup } from '../test/support/global-engine.ts'
import { type HostingFixture, startHosting } from '../test/support/hosting.ts'
import { lacksEngine } from '../test/support/shared-engine.ts'
import { cpuSeconds, median, printTable, processesOf, processTree } from './support/measure.ts'
import { startNginx } from './support/nginx.ts'
import { type Load, type Measured, measure, writeScript } from './support/wrk.ts'

/*
 * InvokeEndpoint through Slipway (SigV4 verified, policies asked, metrics counted, access log on), through nginx, through nginx
 * that verifies SigV4 by LuaJIT, and without anything between, to one and the same container. Rounds of the four take
 * turns, so that what a busy machine does to one it does to all.
 *   node bench/invocations.ts [--rounds N] [--seconds N]
 */

const WORKERS = 2
const ENDPOINT = 'bench'
const PATH = `/endpoints/${ENDPOINT}/invocations`
const SIZES = [1024, 1024 * 1024]
const CONNECTIONS = [1, 32, 256]
const MOST_BYTES = 64 * 1024 * 1024
/** Each other than the next in its body, its signature and its ids, as those of a client are. */
const DIFFERENT = 64
const MOST_SCRIPT_BYTES = 8 * 1024 * 1024
/** For which each of them is under load before anything is measured: V8 compiles for half a minute. */
const WARM_SECONDS = 30

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '7' }, seconds: { type: 'string', default: '3' } },
})
const rounds = Number(values.rounds)
const seconds = Number(values.seconds)

interface Contestant {
  readonly name: string
  readonly url: string
  readonly pids: readonly number[]
}

type Sample = Measured & {
  /** Seconds a request. */
  readonly cpu: number
}

/** What boto3 sends. The signature stays valid for 15 minutes. */
function loadOf({ slipway }: HostingFixture, bytes: number, index: number): Load {
  const body = String(index).padEnd(bytes, 'x')
  const { accessKeyId, secretAccessKey, region, url } = slipway
  const headers = { host: new URL(url).host, 'content-type': 'application/json' }
  const credentials = { accessKeyId, secretAccessKey }
  const signed = {
    ...signRequest({ method: 'POST', target: PATH, headers }, Buffer.from(body), {
      credentials,
      region,
      service: 'sagemaker',
      now: Date.now(),
    }),
    'accept-encoding': 'identity',
    'user-agent':
      'Boto3/1.40.0 md/Botocore#1.40.0 ua/2.1 os/linux#6.1 md/arch#x86_64 lang/python#3.11 cfg/retry-mode#legacy',
    'amz-sdk-invocation-id': randomUUID(),
    'amz-sdk-request': 'attempt=1',
  }
  return { method: 'POST', headers: signed, body }
}

/** Signed anew for each measurement of one size: a signature is good for 15 minutes. */
const scriptFor = (directory: string, hosting: HostingFixture, bytes: number): Promise<string> =>
  writeScript(
    directory,
    `invocation-${bytes}`,
    ...Array.from({ length: Math.min(DIFFERENT, MOST_SCRIPT_BYTES / bytes) }, (_, index) =>
      loadOf(hosting, bytes, index),
    ),
  )

async function sample({ url, pids }: Contestant, script: string, connections: number): Promise<Sample> {
  const before = cpuSeconds(pids)
  const measured = await measure(url, script, { connections, seconds })
  return { ...measured, cpu: (cpuSeconds(pids) - before) / measured.requests }
}

/** All contestants by turns with one size of body and so many connections. */
async function compare(contestants: readonly Contestant[], script: string, bytes: number, connections: number) {
  const samples = contestants.map((): Sample[] => [])
  for (const one of contestants) await sample(one, script, connections)
  for (let count = 0; count < rounds; count++)
    for (const [index, one] of contestants.entries()) samples[index]?.push(await sample(one, script, connections))
  const figures = samples.map((ofOne) => ({
    rate: median(ofOne.map(({ requests, duration }) => requests / duration)),
    cpu: median(ofOne.map(({ cpu }) => cpu)) * 1e6,
    // Neighbours on the machine only ever add to it: cold caches count as work.
    least: Math.min(...ofOne.map(({ cpu }) => cpu)) * 1e6,
    p50: median(ofOne.map(({ p50 }) => p50)),
    p99: median(ofOne.map(({ p99 }) => p99)),
  }))
  const [direct, nginx] = figures as [(typeof figures)[number], (typeof figures)[number]]
  console.log(`\n${bytes} B, ${connections} connections; ${rounds} rounds of ${seconds} s`)
  printTable([
    ['', 'requests/s', 'CPU a request', 'least', 'least × nginx', 'p50 added', 'p99 added'],
    ...figures.map((one, index) => [
      contestants[index]?.name ?? '',
      one.rate.toFixed(0),
      `${one.cpu.toFixed(1)} µs`,
      `${one.least.toFixed(1)} µs`,
      `×${(one.least / nginx.least).toFixed(2)}`,
      `${(one.p50 - direct.p50).toFixed(3)} ms`,
      `${(one.p99 - direct.p99).toFixed(3)} ms`,
    ]),
  ])
}

async function main(): Promise<void> {
  if (lacksEngine('docker')) {
    console.log('skipped: no container engine answers, and none can be started here (see scripts/setup-test-tools.sh)')
    return
  }
  const stopEngines = await setup()
  const directory = await mkdtemp(join(tmpdir(), 'slw-bench-'))
  const hosting = await startHosting('docker', {
    workers: WORKERS,
    env: { SLIPWAY_ACCESS_LOG: join(directory, 'access.log') },
  })
  try {
    await hosting.deploy(ENDPOINT)
    const container = (await hosting.containers(ENDPOINT))[0]!
    const plain = await startNginx(PATH, container.address!, WORKERS)
    const verifying = await startNginx(PATH, container.address!, WORKERS, hosting.slipway)
    try {
      const contestants: Contestant[] = [
        { name: 'container', url: `http://${container.address}/invocations`, pids: processesOf(container.id) },
        { name: 'nginx', url: `${plain.url}${PATH}`, pids: processTree(plain.pid) },
        { name: 'nginx + LuaJIT', url: `${verifying.url}${PATH}`, pids: processTree(verifying.pid) },
        { name: 'slipway', url: `${hosting.slipway.url}${PATH}`, pids: processTree(hosting.slipway.process.pid) },
      ]
      const forged = await fetch(`${verifying.url}${PATH}`, { method: 'POST', body: 'x' })
      if (forged.status !== 403) throw new Error(`nginx takes what nobody has signed: ${forged.status}`)
      const warming = await scriptFor(directory, hosting, SIZES[0] as number)
      for (const { url } of contestants) await measure(url, warming, { connections: 32, seconds: WARM_SECONDS })
      for (const bytes of SIZES) {
        for (const connections of CONNECTIONS) {
          // So many large bodies at once take each other the time that wrk gives a request.
          if (bytes * connections > MOST_BYTES) continue
          await compare(contestants, await scriptFor(directory, hosting, bytes), bytes, connections)
        }
      }
      console.log('\naims, least CPU a request: 1 KB ×1.8 nginx, ×1.1 nginx + LuaJIT; 1 MB ×0.65 nginx + LuaJIT')
    } finally {
      await plain.stop()
      await verifying.stop()
    }
  } finally {
    await hosting.stop()
    await stopEngines()
    await rm(directory, { recursive: true, force: true })
  }
}

await main()
