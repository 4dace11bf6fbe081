import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { setup } from '../test/support/global-engine.ts'
import { startHosting } from '../test/support/hosting.ts'
import { lacksEngine } from '../test/support/shared-engine.ts'
import { median, printTable } from './support/measure.ts'
import { startNginx } from './support/nginx.ts'
import type { Pace, Paced } from './support/paced-clients.ts'
import { startProgram } from './support/program.ts'
import { signedHeaders, signedInvocation } from './support/sent-request.ts'
import { measure, writeScript } from './support/wrk.ts'

/*
 * The latency that Slipway and nginx add to a container: at one connection, and at half of the rate that each of them can bear, where
 * requests come at a constant rate however long answers take. Each is compared with the container at that same rate. Slipway is the
 * whole server: signatures, policies, metrics, access log. Rounds take turns.
 *   node bench/half-load.ts [--rounds N] [--seconds N]
 */

const WORKERS = 2
const ENDPOINT = 'bench'
const TARGET = `/endpoints/${ENDPOINT}/invocations`
const BODY = 'x'.repeat(1024)
const CONNECTIONS = 32
/** V8 compiles what requests need in this time. */
const WARM_SECONDS = 20

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '4' } },
})
const rounds = Number(values.rounds)
const seconds = Number(values.seconds)

interface Place {
  readonly name: string
  readonly host: string
  readonly port: number
  readonly target: string
}

interface Latency {
  readonly p50: number
  readonly p99: number
}

/** Medians of the rounds. */
const middle = (of: readonly Latency[]): Latency => ({
  p50: median(of.map(({ p50 }) => p50)),
  p99: median(of.map(({ p99 }) => p99)),
})
const added = (one: Latency, direct: Latency): Latency => ({ p50: one.p50 - direct.p50, p99: one.p99 - direct.p99 })

async function main(): Promise<void> {
  if (lacksEngine('docker')) {
    console.log('skipped: no container engine answers, and none can be started here (see scripts/setup-test-tools.sh)')
    return
  }
  const stopEngines = await setup()
  const directory = await mkdtemp(join(tmpdir(), 'slw-bench-'))
  const env = { SLIPWAY_ACCESS_LOG: join(directory, 'access.log') }
  const hosting = await startHosting('docker', { workers: WORKERS, env })
  const clients = await startProgram('paced-clients')
  try {
    await hosting.deploy(ENDPOINT)
    const address = (await hosting.containers(ENDPOINT))[0]?.address ?? ''
    const nginx = await startNginx(TARGET, address, WORKERS)
    try {
      const { slipway } = hosting
      const signing = { ...slipway, host: `127.0.0.1:${slipway.port}` }
      const [host = '', port = ''] = address.split(':')
      const container: Place = { name: 'container', host, port: Number(port), target: '/invocations' }
      const proxies: readonly Place[] = [
        { name: 'nginx', host: '127.0.0.1', port: Number(new URL(nginx.url).port), target: TARGET },
        { name: 'slipway', host: '127.0.0.1', port: slipway.port, target: TARGET },
      ]
      const closed = async (place: Place, connections: number, length: number) => {
        const headers = signedHeaders(signing, place.target, BODY)
        const script = await writeScript(directory, place.name, { method: 'POST', headers, body: BODY })
        return measure(`http://${place.host}:${place.port}${place.target}`, script, { connections, seconds: length })
      }
      const paced = async ({ name, host, port, target }: Place, rate: number) => {
        const request = signedInvocation(signing, target, BODY)
        const answers = await clients.ask<Paced>({ port, host, request, rate, seconds } satisfies Pace)
        if (answers.refused > 0) throw new Error(`${name} refused ${answers.refused} of ${answers.sent} requests`)
        return answers
      }

      await closed(proxies[1] as Place, CONNECTIONS, WARM_SECONDS)
      const alone: Latency[][] = [[], [], []]
      for (let round = 0; round < rounds; round++)
        for (const [index, place] of [container, ...proxies].entries())
          alone[index]?.push(await closed(place, 1, seconds))
      const direct = middle(alone[0] as Latency[])
      const rows: { readonly one: Latency; readonly half: Latency; readonly rate: number }[] = []
      for (const [index, place] of proxies.entries()) {
        const { requests, duration } = await closed(place, CONNECTIONS, seconds)
        const rate = requests / duration / 2
        const through: Latency[] = []
        const without: Latency[] = []
        for (let round = 0; round < rounds; round++) {
          without.push(await paced(container, rate))
          through.push(await paced(place, rate))
        }
        const half = added(middle(through), middle(without))
        rows.push({ one: added(middle(alone[index + 1] as Latency[]), direct), half, rate })
      }
      console.log(`${BODY.length} B; medians of ${rounds} rounds of ${seconds} s; added to the container's own`)
      const text = (milliseconds: number) => `${milliseconds.toFixed(3)} ms`
      printTable([
        ['', 'one connection: p50', 'p99', 'half load: requests/s', 'p50', 'p99'],
        ...rows.map(({ one, half, rate }, index) => [
          proxies[index]?.name ?? '',
          text(one.p50),
          text(one.p99),
          rate.toFixed(0),
          text(half.p50),
          text(half.p99),
        ]),
      ])
      const [plain, ours] = rows as [(typeof rows)[number], (typeof rows)[number]]
      console.log(
        `\np50 added at one connection: ×${(ours.one.p50 / plain.one.p50).toFixed(2)} of nginx's; the aim is ×1.3`,
      )
      console.log(`p99 added at one connection: ${text(ours.one.p99)}; the aim is 0.6 ms`)
    } finally {
      await nginx.stop()
    }
  } finally {
    await clients.stop()
    await hosting.stop()
    await stopEngines()
    await rm(directory, { recursive: true, force: true })
  }
}

await main()
