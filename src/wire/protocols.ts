import type { ProtocolName } from '../model/service-description.ts'
import { awsJson } from './aws-json.ts'
import type { Protocol } from './protocol.ts'
import { query } from './query.ts'
import { restJson } from './rest-json.ts'
import { restXml } from './rest-xml.ts'
import { rpcV2Cbor } from './rpc-v2-cbor.ts'

/** The codec of each protocol, by the name that service descriptions use. */
export const protocols: Readonly<Record<ProtocolName, Protocol>> = {
  json: awsJson,
  'rest-json': restJson,
  'rest-xml': restXml,
  query,
  'smithy-rpc-v2-cbor': rpcV2Cbor,
}
