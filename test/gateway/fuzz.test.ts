import { Agent, request as httpRequest } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signRequest } from '../../src/wire/sigv4/sign.ts'
import { talk } from '../support/raw-http.ts'
import { type Slipway, startSlipway } from '../support/slipway.ts'
import { workerPids } from '../support/worker-pids.ts'
import { CORPUS, type FuzzRequest, mutate, mutateBytes, seeded } from './fuzz-requests.ts'

/** SLIPWAY_TEST_SEED repeats a run; SLOW_TESTS=1 makes it ten times as long. */
const SEED = Number(process.env.SLIPWAY_TEST_SEED ?? 1)
const REQUESTS = process.env.SLOW_TESTS === '1' ? 40_000 : 4_000
const CONNECTIONS = 8

const INTERNALS = /\n\s+at \S|node:internal|\.ts:\d|\bundefined\b|\[object |TypeError|RangeError|SQLITE|NaN\b/

let slipway: Slipway
let workers: readonly number[]
beforeAll(async () => {
  slipway = await startSlipway()
  workers = workerPids(slipway)
})
afterAll(() => slipway?.stop())

interface Answer {
  readonly status: number
  readonly text: string
}

function headersOf({ service, method, target, headers, body }: FuzzRequest, signed: boolean): Record<string, string> {
  const all = { ...headers, host: `127.0.0.1:${slipway.port}` }
  if (!signed) return all
  const { accessKeyId, secretAccessKey, region } = slipway
  const options = { credentials: { accessKeyId, secretAccessKey }, region, service, now: Date.now() }
  return signRequest({ method, target, headers: all }, body, options)
}

function send(agent: Agent, request: FuzzRequest, signed: boolean): Promise<Answer | undefined> {
  const { method, target, body } = request
  return new Promise((resolve) => {
    const headers = { ...headersOf(request, signed), 'content-length': String(body.length) }
    const outgoing = httpRequest({ agent, port: slipway.port, host: '127.0.0.1', method, path: target, headers })
    // A connection that the server ends is no answer, and no fault.
    outgoing.on('error', () => resolve(undefined))
    outgoing.on('response', (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('error', () => resolve(undefined))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() }))
    })
    outgoing.end(body)
  })
}

function check(answer: Answer, show: () => string): void {
  const { status, text } = answer
  if (status >= 200 && status !== 500 && !INTERNALS.test(text) && !leaks(text)) return
  throw new Error(`${status} ${text.slice(0, 2_000)}\nto ${show()}\nserver: ${slipway.process.output().slice(-3_000)}`)
}

const leaks = (text: string): boolean =>
  [slipway.dataDir, process.cwd(), slipway.secretAccessKey].some((secret) => text.includes(secret))

describe('mutated requests', () => {
  it(`${REQUESTS} of them, signed and not, are answered without internals`, { timeout: 600_000 }, async () => {
    const random = seeded(SEED)
    const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
    const statuses = new Map<number, number>()
    let left = REQUESTS
    const client = async () => {
      while (left-- > 0) {
        const request = mutate(CORPUS[Math.floor(random() * CORPUS.length)] as FuzzRequest, random)
        const answer = await send(agent, request, random() < 0.9)
        if (answer === undefined) continue
        check(answer, () => JSON.stringify({ ...request, body: request.body.toString('latin1') }))
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
      }
    }
    await Promise.all(Array.from({ length: CONNECTIONS }, client))
    agent.destroy()
    // The mutations are of use only while many of them come past the signature and some are still right.
    expect(statuses.get(200)).toBeGreaterThan(REQUESTS / 50)
    expect(statuses.get(400)).toBeGreaterThan(REQUESTS / 10)
    const answered = [...statuses.values()].reduce((sum, count) => sum + count, 0)
    expect(answered).toBeGreaterThan(REQUESTS * 0.98)
  })

  it('bytes of whole requests', { timeout: 300_000 }, async () => {
    const random = seeded(SEED + 1)
    let left = REQUESTS / 8
    const client = async () => {
      while (left-- > 0) {
        const request = CORPUS[Math.floor(random() * CORPUS.length)] as FuzzRequest
        const { method, target, body } = request
        const headers = { ...headersOf(request, true), connection: 'close', 'content-length': String(body.length) }
        const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
        const head = `${method} ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
        const bytes = mutateBytes(Buffer.concat([Buffer.from(head), body]), random)
        // What has become too short for its length waits for the rest, which never comes.
        const answers = await talk(slipway.port, bytes, { timeout: 1_000 }).catch(() => [])
        for (const answer of answers)
          check({ status: answer.status, text: answer.body }, () => bytes.toString('latin1'))
      }
    }
    await Promise.all(Array.from({ length: CONNECTIONS }, client))
  })

  it('have stopped no worker, and none was a bug', async () => {
    const health = await fetch(`${slipway.url}/_slipway/health`)
    expect(await health.json()).toMatchObject({ status: 'ok' })
    expect(workerPids(slipway)).toEqual(workers)
    expect(slipway.process.output()).not.toMatch(/a request failed|could not be answered|uncaught|"level":60/)
  })
})
