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
import { type Measured, measure, writeScript } from './support/wrk.ts'

/*
 * InvokeEndpoint through Slipway with SigV4 verified, through nginx and without anything between, to one and the same
 * container. Rounds of the three take turns, so that what a busy machine does to one it does to all.
 *   node bench/invocations.ts [--rounds N] [--seconds N]
 */

const WORKERS = 2
const CONNECTIONS = 32
const BODY_BYTES = 1024
const ENDPOINT = 'bench'
const PATH = `/endpoints/${ENDPOINT}/invocations`

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '4' } },
})
const rounds = Number(values.rounds)
const seconds = Number(values.seconds)

interface Contestant {
  readonly name: string
  readonly url: string
  readonly script: string
  readonly pids: readonly number[]
  readonly busy: (Measured & { readonly cpu: number })[]
  readonly alone: Measured[]
}

/** What boto3 sends. The signature stays valid for 15 minutes. */
function headersFor({ slipway }: HostingFixture, body: string): Record<string, string> {
  const { accessKeyId, secretAccessKey, region, url } = slipway
  const headers = { host: new URL(url).host, 'content-type': 'application/json' }
  const credentials = { accessKeyId, secretAccessKey }
  return {
    ...signRequest({ method: 'POST', target: PATH, headers }, Buffer.from(body), {
      credentials,
      region,
      service: 'sagemaker',
      now: Date.now(),
    }),
    'accept-encoding': 'identity',
    'user-agent':
      'Boto3/1.40.0 md/Botocore#1.40.0 ua/2.1 os/linux#6.1 md/arch#x86_64 lang/python#3.11 cfg/retry-mode#legacy',
    'amz-sdk-invocation-id': '4ea9e9a4-1f7d-4c2a-9d3f-3d0f5f0b4a10',
    'amz-sdk-request': 'attempt=1',
  }
}

async function round(contestant: Contestant): Promise<void> {
  const { url, script, pids, busy, alone } = contestant
  const before = cpuSeconds(pids)
  const measured = await measure(url, script, { connections: CONNECTIONS, seconds })
  busy.push({ ...measured, cpu: (cpuSeconds(pids) - before) / measured.requests })
  alone.push(await measure(url, script, { connections: 1, seconds: Math.ceil(seconds / 2) }))
}

function report(contestants: readonly Contestant[]): void {
  const of = ({ busy, alone }: Contestant) => ({
    rate: median(busy.map(({ requests, duration }) => requests / duration)),
    p50: median(busy.map(({ p50 }) => p50)),
    p99: median(busy.map(({ p99 }) => p99)),
    cpu: median(busy.map(({ cpu }) => cpu)) * 1e6,
    // Neighbours on the machine only ever add to it: cold caches count as work.
    leastCpu: Math.min(...busy.map(({ cpu }) => cpu)) * 1e6,
    alone50: median(alone.map(({ p50 }) => p50)),
    alone99: median(alone.map(({ p99 }) => p99)),
  })
  const rows = contestants.map((contestant) => {
    const { rate, p50, p99, cpu, leastCpu, alone50, alone99 } = of(contestant)
    const times = [p50, p99].map((time) => `${time.toFixed(2)} ms`)
    const single = [alone50, alone99].map((time) => `${time.toFixed(3)} ms`)
    return [contestant.name, rate.toFixed(0), ...times, `${cpu.toFixed(0)} µs`, `${leastCpu.toFixed(0)} µs`, ...single]
  })
  console.log(
    `${CONNECTIONS} connections, then one; ${BODY_BYTES} B bodies; medians of ${rounds} rounds of ${seconds} s`,
  )
  printTable([['', 'requests/s', 'p50', 'p99', 'CPU a request', 'least', 'one: p50', 'one: p99'], ...rows])
  const [direct, nginx, slipway] = contestants.map(of) as [
    ReturnType<typeof of>,
    ReturnType<typeof of>,
    ReturnType<typeof of>,
  ]
  console.log(
    `CPU a request      ×${(slipway.cpu / nginx.cpu).toFixed(2)} nginx's, least of both ×${(slipway.leastCpu / nginx.leastCpu).toFixed(2)} (aim: 3)`,
  )
  console.log(`requests/s         ×${(slipway.rate / nginx.rate).toFixed(2)} nginx's`)
  console.log(
    `p50 added, one connection   ${(slipway.alone50 - direct.alone50).toFixed(3)} ms (aim: 0.3); nginx adds ${(nginx.alone50 - direct.alone50).toFixed(3)} ms`,
  )
}

async function main(): Promise<void> {
  if (lacksEngine('docker')) {
    console.log('skipped: no container engine answers, and none can be started here (see scripts/setup-test-tools.sh)')
    return
  }
  const stopEngines = await setup()
  const directory = await mkdtemp(join(tmpdir(), 'slw-bench-'))
  const hosting = await startHosting('docker', { workers: WORKERS })
  try {
    await hosting.deploy(ENDPOINT)
    const container = (await hosting.containers(ENDPOINT))[0]!
    const nginx = await startNginx(PATH, container.address!, WORKERS)
    try {
      const body = 'x'.repeat(BODY_BYTES)
      const load = { method: 'POST', headers: headersFor(hosting, body), body }
      const script = await writeScript(directory, 'invocation', load)
      const contestant = (name: string, url: string, pids: number[]): Contestant => ({
        ...{ name, url, script, pids },
        busy: [],
        alone: [],
      })
      const contestants = [
        contestant('container', `http://${container.address}/invocations`, processesOf(container.id)),
        contestant('nginx', `${nginx.url}${PATH}`, processTree(nginx.pid)),
        contestant('slipway', `${hosting.slipway.url}${PATH}`, processTree(hosting.slipway.process.pid)),
      ]
      for (const { url } of contestants) await measure(url, script, { connections: CONNECTIONS, seconds: 2 })
      for (let count = 0; count < rounds; count++) for (const one of contestants) await round(one)
      report(contestants)
    } finally {
      await nginx.stop()
    }
  } finally {
    await hosting.stop()
    await stopEngines()
    await rm(directory, { recursive: true, force: true })
  }
}

await main()
