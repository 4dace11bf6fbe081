import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { signRequest } from '../src/wire/sigv4/sign.ts'
import { type AsyncEndpoint, deployAsync } from '../test/support/async-endpoint.ts'
import { setup } from '../test/support/global-engine.ts'
import { type HostingFixture, startHosting } from '../test/support/hosting.ts'
import { lacksEngine } from '../test/support/shared-engine.ts'
import { median, printTable } from './support/measure.ts'
import { measure, writeScript } from './support/wrk.ts'

/*
 * Asynchronous inference through the whole server with signatures verified: how many requests a second are accepted, how many are
 * answered by a container that answers at once, and how long one takes from its acceptance to its object.
 *   node bench/async-inference.ts [--seconds N] [--alone N]
 */

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '8' }, alone: { type: 'string', default: '200' } },
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

async function outputs(endpoint: AsyncEndpoint): Promise<number> {
  return (await endpoint.keys('out/')).size
}

async function alone(endpoint: AsyncEndpoint, count: number): Promise<readonly number[]> {
  const times: number[] = []
  for (let index = 0; index < count; index++) {
    const start = performance.now()
    const accepted = await endpoint.send(`alone-${index}`, { body: BODY })
    if (accepted === undefined) throw new Error('not accepted')
    while (!(await endpoint.keys(accepted.output)).has(accepted.output)) await new Promise(setImmediate)
    times.push(performance.now() - start)
  }
  return times
}

async function main(): Promise<void> {
  if (lacksEngine('docker')) return console.log('skipped: no container engine answers, and none can be started here')
  const stopEngines = await setup()
  const directory = await mkdtemp(join(tmpdir(), 'slw-bench-'))
  const hosting = await startHosting('docker', { workers: 2 })
  try {
    const endpoint = await deployAsync(hosting, 'bench-async', { instances: 2 })
    await hosting.api.putObject(endpoint.bucket, 'in', Buffer.from(BODY))
    const times = await alone(endpoint, Number(values.alone))
    const { url, load: sent } = load(hosting, endpoint)
    const script = await writeScript(directory, 'async', sent)
    const before = await outputs(endpoint)
    const start = performance.now()
    const accepted = await measure(url, script, { connections: CONNECTIONS, seconds: Number(values.seconds) })
    const meanwhile = (await outputs(endpoint)) - before
    const acceptSeconds = (performance.now() - start) / 1000
    // What has gathered is then worked off with nothing else to do.
    const from = performance.now()
    const left = accepted.requests - meanwhile
    while ((await outputs(endpoint)) - before < accepted.requests) {
      if (performance.now() - from > 300_000) throw new Error('the queue did not empty')
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    const emptySeconds = (performance.now() - from) / 1000
    printTable([
      ['', ''],
      [`accepted a second, ${CONNECTIONS} connections`, (accepted.requests / accepted.duration).toFixed(0)],
      ['answered a second meanwhile', (meanwhile / acceptSeconds).toFixed(0)],
      [`answered a second afterwards (${left} waiting)`, (left / emptySeconds).toFixed(0)],
      ['one alone, from request to object: p50', `${median(times).toFixed(1)} ms`],
    ])
    console.log('aims: 2,000 a second answered, p50 15 ms; accepted at least as fast as the disk syncs (async-queue)')
  } finally {
    await hosting.stop()
    await stopEngines()
    await rm(directory, { recursive: true, force: true })
  }
}

await main()
