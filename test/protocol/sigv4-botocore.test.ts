import { execFileSync } from 'node:child_process'
import { hash, randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parseSignature } from '../../src/wire/sigv4/parse.ts'
import type { SignableRequest } from '../../src/wire/sigv4/signable-request.ts'
import { parseTimestamp } from '../../src/wire/sigv4/timestamp.ts'
import { verifySignature } from '../../src/wire/sigv4/verify.ts'
import { PYTHON } from '../support/python.ts'

interface Sent {
  readonly kind: string
  readonly service: string
  readonly method: string
  readonly target: string
  readonly headers: readonly [string, string][]
  readonly body: string
}

const secret = randomBytes(20).toString('hex')
const token = randomBytes(30).toString('base64')
const script = fileURLToPath(new URL('botocore-requests.py', import.meta.url))
const seed = process.env.SEED ?? String(randomBytes(3).readUIntBE(0, 3))
const environment = { ...process.env, AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' }

const requests = execFileSync(PYTHON, [script, 'AKIAIOSFODNN7EXAMPLE', secret, token, '600', seed], {
  maxBuffer: 1 << 28,
  env: environment,
})
  .toString()
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Sent)

/** The request as node:http would present it. */
function asReceived(sent: Sent): SignableRequest {
  const headers: Record<string, string> = {}
  for (const [name, value] of sent.headers) {
    const lower = name.toLowerCase()
    const trimmed = value.replace(/^[ \t]+|[ \t]+$/g, '')
    headers[lower] = lower in headers ? `${headers[lower]}, ${trimmed}` : trimmed
  }
  return { method: sent.method, target: sent.target, headers, rawHeaders: sent.headers.flat() }
}

function verdict(request: SignableRequest, body: Buffer, key = secret): string {
  const text = (request.headers['x-amz-date'] as string) ?? /X-Amz-Date=([^&]+)/.exec(request.target)?.[1] ?? ''
  const parsed = parseSignature(request, parseTimestamp(text) ?? Date.now())
  if ('fault' in parsed) return JSON.stringify(parsed)
  const fault = verifySignature(parsed, request, key, hash('sha256', body))
  return fault === undefined ? 'verified' : JSON.stringify(fault, null, 1)
}

describe(`requests signed by botocore (SEED=${seed})`, () => {
  it('are verified', () => {
    expect(requests.length).toBeGreaterThan(650)
    for (const sent of requests) {
      expect(verdict(asReceived(sent), Buffer.from(sent.body, 'base64')), JSON.stringify(sent, null, 1)).toBe(
        'verified',
      )
    }
  })

  it('are refused with another key', () => {
    for (const sent of requests.slice(0, 50)) {
      expect(verdict(asReceived(sent), Buffer.from(sent.body, 'base64'), `${secret}x`)).toContain('mismatch')
    }
  })

  it('are refused when any signed part is changed', () => {
    for (const sent of requests) {
      const request = asReceived(sent)
      const body = Buffer.from(sent.body, 'base64')
      expect(verdict({ ...request, method: 'PATCH' }, body)).toContain('mismatch')
      if (sent.kind !== 's3') {
        expect(verdict({ ...request, headers: { ...request.headers, host: 'elsewhere' } }, body)).toContain('mismatch')
      }
      const at = request.target.indexOf('?')
      const longer = at < 0 ? `${request.target}x` : `${request.target.slice(0, at)}x${request.target.slice(at)}`
      expect(verdict({ ...request, target: longer }, body)).toContain('mismatch')
      const joined = `${request.target}${at < 0 ? '?' : '&'}more=1`
      expect(verdict({ ...request, target: joined }, body)).toContain('mismatch')
      if (sent.service !== 's3') expect(verdict(request, Buffer.concat([body, Buffer.from('x')]))).toContain('mismatch')
    }
  })
})
