import type { Exchange } from './exchange.ts'
import { respond } from './respond.ts'

/** The certificate that is served at a path, PEM; undefined for another path. */
export type Certificates = (path: string) => Promise<string | undefined>

/** Where subscribers find the certificate of a message. No bucket has capital letters in its name. */
const PATH = /^\/SimpleNotificationService-[0-9a-f]{32}\.pem$/

export const isCertificateRequest = ({ path, method }: Exchange, signed: string | undefined): boolean =>
  signed === undefined && (method === 'GET' || method === 'HEAD') && PATH.test(path)

/** Needs no signature: it is how subscribers learn whom to trust. */
export async function serveCertificate(certificates: Certificates, exchange: Exchange): Promise<void> {
  const body = await certificates(exchange.path)
  if (body === undefined)
    return respond(exchange, {
      status: 404,
      headers: { 'Content-Type': 'text/plain' },
      body: 'there is no such certificate\n',
    })
  await respond(exchange, {
    status: 200,
    headers: { 'Content-Type': 'application/x-pem-file', 'Cache-Control': 'public, max-age=86400' },
    body,
  })
}
