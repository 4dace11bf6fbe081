import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { CREDENTIALS } from '../test/support/invocation-gateway.ts'
import { cpuSeconds, median, printTable, processTree } from './support/measure.ts'
import { startNginx } from './support/nginx.ts'
import { startProgram } from './support/program.ts'
import { signedInvocation } from './support/sent-request.ts'
import type { StreamClients } from './support/stream-clients.ts'
import type { ContainerCounts } from './support/streaming-container.ts'

/*
 * What a paced event stream costs: 200 streams of 40 bytes every 50 ms through the gateway (InvokeEndpointWithResponseStream, signed)
 * and through nginx that passes the same bytes on unbuffered, by turns; and, to show what Node itself takes, through a program that
 * copies bytes from socket to socket and looks at none. Gateway, container and clients are processes of their own.
 * Then how long after its client has left in mid-stream a container's request is cancelled.
 *   node bench/streams.ts [--rounds N] [--seconds N]
 */

const TARGET = '/endpoints/bench/invocations-response-stream'
const STREAMS = 200
const LEAVES = 30
/** V8 compiles what streams need in this time. */
const WARM_SECONDS = 20

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '8' } },
})
const rounds = Number(values.rounds)
const seconds = Number(values.seconds)

const container = await startProgram<{ readonly address: string }>('streaming-container')
const gateway = await startProgram<{ readonly port: number }>('gateway-program', container.started.address)
const bare = await startProgram<{ readonly port: number }>('bare-proxy-program', container.started.address)
const clients = await startProgram('stream-clients')
const nginx = await startNginx(TARGET, container.started.address, 1)

const { port } = gateway.started
const request = signedInvocation({ host: `127.0.0.1:${port}`, region: 'us-east-1', ...CREDENTIALS }, TARGET, 'stream')
const contestants = [
  { name: 'nginx', port: Number(new URL(nginx.url).port), pids: processTree(nginx.pid) },
  { name: 'slipway', port, pids: [gateway.pid] },
  { name: 'bare Node', port: bare.started.port, pids: [bare.pid] },
] as const
const counts = () => container.ask<ContainerCounts>('counts')
const open = (count: number, of: number) => clients.ask({ port: of, request, count } satisfies StreamClients)

/** Microseconds of CPU a chunk, over some seconds in which nothing else happens. */
async function costOf({ port: of, pids }: (typeof contestants)[number], length = seconds): Promise<number> {
  await open(STREAMS, of)
  await pause(1_000)
  const before = { cpu: cpuSeconds(pids), ...(await counts()) }
  await pause(length * 1_000)
  const cpu = cpuSeconds(pids) - before.cpu
  const { chunks, open: streams } = await counts()
  if (streams !== STREAMS) throw new Error(`${streams} of ${STREAMS} streams were left`)
  await open(0, of)
  return (cpu / (chunks - before.chunks)) * 1e6
}

/** Milliseconds from a client's going to the end of the container's request. */
async function leave(): Promise<number> {
  await open(1, port)
  const { leftAt } = await counts()
  const gone = performance.timeOrigin + performance.now()
  await open(0, port)
  for (;;) {
    const now = await counts()
    if (now.leftAt !== leftAt) return now.leftAt - gone
    await pause(1)
  }
}

try {
  for (const one of contestants) await costOf(one, one.name === 'nginx' ? 1 : WARM_SECONDS)
  const costs: number[][] = []
  for (let round = 0; round < rounds; round++) {
    const costsNow: number[] = []
    for (const one of contestants) costsNow.push(await costOf(one))
    costs.push(costsNow)
  }
  console.log(`${STREAMS} streams, 40 B every 50 ms; CPU a chunk; ${rounds} rounds of ${seconds} s`)
  const least = (index: number) => Math.min(...costs.map((round) => round[index] as number))
  const ratio = (index: number) => median(costs.map((round) => (round[index] as number) / (round[0] as number)))
  printTable([
    ['', 'least', '', 'median', ''],
    ...contestants.map(({ name }, index) => [
      name,
      `${least(index).toFixed(1)} µs`,
      `×${(least(index) / least(0)).toFixed(2)}`,
      `${median(costs.map((round) => round[index] as number)).toFixed(1)} µs`,
      `×${ratio(index).toFixed(2)}`,
    ]),
  ])
  console.log('the aim is ×1.35')

  const left: number[] = []
  for (let count = 0; count < LEAVES; count++) left.push(await leave())
  console.log(
    `\ncancelled after its client left: median ${median(left).toFixed(1)} ms, longest ${Math.max(...left).toFixed(1)} ms; the aim is 1 s`,
  )
} finally {
  await clients.stop()
  await nginx.stop()
  await gateway.stop()
  await bare.stop()
  await container.stop()
}
