import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type InvocationGateway, startInvocationGateway } from '../test/support/invocation-gateway.ts'
import { median, printTable } from './support/measure.ts'
import { startStaticContainer } from './support/static-container.ts'
import { measure, writeScript } from './support/wrk.ts'

/*
 * What a pipeline of five containers costs, against five invocations one after the other of the same containers: as five
 * endpoints of Slipway, and without Slipway between. CPU is that of the gateway, in this process, under load; latency is that of one
 * client that waits for each answer. Rounds take turns.
 *   node bench/pipelines.ts [--rounds N] [--seconds N]
 */

const STAGES = 5
const CONNECTIONS = 16
const BODY = 'x'.repeat(1024)
const LATENCIES = 400
const TARGET = 1.1

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '7' }, seconds: { type: 'string', default: '2' } },
})
const seconds = Number(values.seconds)

interface Place {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

const agent = new Agent({ keepAlive: true })

/** One request over a kept connection; resolves when its answer is whole. */
function send({ url, headers }: Place): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent, headers: { ...headers, 'content-length': BODY.length } })
    sent.on('error', reject)
    sent.on('response', (response) => {
      if (response.statusCode !== 200) reject(new Error(`${url} answered ${response.statusCode}`))
      response.on('error', reject).on('end', resolve).resume()
    })
    sent.end(BODY)
  })
}

/** Milliseconds until all of them have answered, one after the other. */
async function latency(places: readonly Place[]): Promise<number> {
  const times: number[] = []
  for (let count = 0; count < LATENCIES; count++) {
    const started = performance.now()
    for (const place of places) await send(place)
    times.push(performance.now() - started)
  }
  return median(times)
}

const directory = await mkdtemp(join(tmpdir(), 'slw-bench-'))
const containers = await Promise.all(Array.from({ length: STAGES }, startStaticContainer))
let gateway: InvocationGateway | undefined

try {
  gateway = await startInvocationGateway()
  const { port, signed, route } = gateway
  const variant = { name: 'v', weight: 1, share: 1, strategy: 'RANDOM' } as const
  const placed = containers.map(({ address }, position) => ({ name: `container_${position + 1}`, address }))
  const first = placed[0]?.address ?? ''
  const line = { id: 'i-1', address: first, containers: placed }
  route('line', { variants: [{ ...variant, containers: placed, instances: [line] }] })
  for (const [index, { address }] of placed.entries())
    route(`stage-${index}`, { variants: [{ ...variant, instances: [{ id: `i-${index}`, address }] }] })
  const endpoint = (name: string): Place => {
    const target = `/endpoints/${name}/invocations`
    return { url: `http://127.0.0.1:${port}${target}`, headers: signed(target, BODY) }
  }
  const pipeline = endpoint('line')
  const stages = placed.map((_, index) => endpoint(`stage-${index}`))
  const bare = placed.map(({ address }) => ({
    url: `http://${address}/invocations`,
    headers: { 'content-type': 'text/plain' },
  }))
  const cpuOf = async ({ url, headers }: Place, name: string) => {
    const script = await writeScript(directory, name, { method: 'POST', headers: { ...headers }, body: BODY })
    const before = process.cpuUsage()
    const { requests } = await measure(url, script, { connections: CONNECTIONS, seconds })
    const { user, system } = process.cpuUsage(before)
    return (user + system) / requests
  }
  const rounds: { cpu: number; cpuOfOne: number; time: number; timeOfStages: number; timeOfBare: number }[] = []
  for (const place of [pipeline, stages[0] as Place]) await cpuOf(place, 'warm')
  for (let count = 0; count < Number(values.rounds); count++)
    rounds.push({
      cpu: await cpuOf(pipeline, 'line'),
      cpuOfOne: await cpuOf(stages[count % STAGES] as Place, 'stage'),
      time: await latency([pipeline]),
      timeOfStages: await latency(stages),
      timeOfBare: await latency(bare),
    })
  const of = (pick: (round: (typeof rounds)[number]) => number) => median(rounds.map(pick))
  const ratio = (pick: (round: (typeof rounds)[number]) => number) => `×${of(pick).toFixed(2)}`
  console.log(
    `${STAGES} containers; ${BODY.length} B; CPU at ${CONNECTIONS} connections, latency at one; medians of ${values.rounds} rounds`,
  )
  printTable([
    ['', 'CPU', 'p50'],
    ['a pipeline of five', `${of(({ cpu }) => cpu).toFixed(0)} µs`, `${of(({ time }) => time).toFixed(3)} ms`],
    [
      'five invocations in sequence',
      `${of(({ cpuOfOne }) => cpuOfOne * STAGES).toFixed(0)} µs`,
      `${of(({ timeOfStages }) => timeOfStages).toFixed(3)} ms`,
    ],
    ['five requests to the containers', '', `${of(({ timeOfBare }) => timeOfBare).toFixed(3)} ms`],
    [
      'ratio to five invocations',
      ratio((one) => one.cpu / (one.cpuOfOne * STAGES)),
      ratio((one) => one.time / one.timeOfStages),
    ],
    ['ratio to the containers', '', ratio((one) => one.time / one.timeOfBare)],
  ])
  console.log(`the ratio's aim is ×${TARGET}`)
} finally {
  agent.destroy()
  await gateway?.stop()
  for (const container of containers) await container.stop()
  await rm(directory, { recursive: true, force: true })
}
