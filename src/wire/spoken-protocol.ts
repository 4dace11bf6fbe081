import type { ProtocolName, ServiceDescription } from '../model/service-description.ts'

/** Which of its service's protocols a request speaks; the first one where nothing tells. */
export function spokenProtocol(
  { protocol, protocols }: ServiceDescription,
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): ProtocolName {
  if (protocols.length === 1) return protocol
  const told: ProtocolName =
    headers['smithy-protocol'] === 'rpc-v2-cbor'
      ? 'smithy-rpc-v2-cbor'
      : headers['x-amz-target'] !== undefined
        ? 'json'
        : 'query'
  return protocols.includes(told) ? told : protocol
}
