import { hash } from 'node:crypto'
import type { SignatureFault } from '../../src/wire/sigv4/fault.ts'
import type { ErrorFamily } from '../../src/wire/sigv4/fault-error.ts'
import { signatureError } from '../../src/wire/sigv4/fault-error.ts'
import { parseSignature } from '../../src/wire/sigv4/parse.ts'
import type { ScopedSignature } from '../../src/wire/sigv4/parsed-signature.ts'
import { signRequest } from '../../src/wire/sigv4/sign.ts'
import type { SignableRequest } from '../../src/wire/sigv4/signable-request.ts'
import { parseTimestamp } from '../../src/wire/sigv4/timestamp.ts'

export const EMPTY = hash('sha256', '')
export const DOCUMENTED = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
}
export const now = parseTimestamp('20150830T123600Z')!
export const options = { credentials: DOCUMENTED, region: 'us-east-1', service: 'sagemaker', now }
export const plain = { method: 'POST', target: '/', headers: { host: 'localhost:8770', 'content-type': 'text/csv' } }

export const signed = (over: Partial<typeof options> = {}): SignableRequest => ({
  ...plain,
  headers: signRequest(plain, Buffer.from('{}'), { ...options, ...over }),
})
export const withHeader = (name: string, value: string | undefined, request = signed()): SignableRequest => ({
  ...request,
  headers: { ...request.headers, [name]: value },
})

export function parsed(request: SignableRequest, at = now): ScopedSignature {
  const signature = parseSignature(request, at)
  if ('fault' in signature || signature.form === 'legacy-query') throw new Error(JSON.stringify(signature))
  return signature
}

export function fault(request: SignableRequest, at = now, expected = {}): SignatureFault {
  const found = parseSignature(request, at, expected)
  if (!('fault' in found)) throw new Error('the signature was accepted')
  return found
}

export const errorOf = (found: SignatureFault, family: ErrorFamily = 'json') => {
  const { code, status, message, members } = signatureError(found, family)
  return { code, status, message, members }
}
