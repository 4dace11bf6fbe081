import { signRequest } from '../../src/wire/sigv4/sign.ts'

/** Where a benchmark sends its requests, and who signs them. */
export interface Signing {
  readonly host: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** The headers of a signed invocation. The signature stays valid for 15 minutes. */
export function signedHeaders(signing: Signing, target: string, body: string): Record<string, string> {
  const { host, region, accessKeyId, secretAccessKey } = signing
  const headers = { host, 'content-type': 'text/plain' }
  return signRequest({ method: 'POST', target, headers }, Buffer.from(body), {
    credentials: { accessKeyId, secretAccessKey },
    region,
    service: 'sagemaker',
    now: Date.now(),
  })
}

/** A signed invocation as it goes over a connection. */
export function signedInvocation(signing: Signing, target: string, body: string): string {
  const headers = { ...signedHeaders(signing, target, body), 'content-length': String(body.length) }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `POST ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body}`
}
