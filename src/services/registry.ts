import {
  loadService,
  type ProtocolName,
  type ServiceDescription,
  type ServiceId,
} from '../model/service-description.ts'
import { spokenProtocol } from '../wire/spoken-protocol.ts'
import type { AuthorizationTable } from './authorization.ts'
import type { OperationTable } from './operation.ts'

type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/** A service as the gateway sees it. */
export interface Service {
  readonly id: ServiceId
  readonly description: ServiceDescription
  /** The protocol that a request speaks, by its headers. */
  readonly protocolOf: (headers: RequestHeaders) => ProtocolName
  readonly operations: OperationTable
  readonly authorization: AuthorizationTable
  /** Largest body of an operation whose body is not streamed, in bytes. */
  readonly maxBodyBytes: number
}

export type Services = Readonly<Record<ServiceId, Service>>

const MIB = 1024 * 1024

/**
 * Bodies are small documents, but for function code and parts of image layers, which travel inside the JSON of
 * CreateFunction and UploadLayerPart.
 */
const MAX_BODY_BYTES: Readonly<Record<ServiceId, number>> = {
  sagemaker: 8 * MIB,
  'sagemaker-runtime': MIB,
  s3: 4 * MIB,
  lambda: 72 * MIB,
  iam: 2 * MIB,
  sts: 2 * MIB,
  logs: 4 * MIB,
  kms: MIB,
  cloudwatch: MIB,
  'application-autoscaling': MIB,
  ecr: 32 * MIB,
  sns: 4 * MIB,
  sqs: 8 * MIB,
}

/** What a service brings: its handlers, and what each of its operations needs to be allowed. */
export interface ServiceTables {
  readonly operations: OperationTable
  readonly authorization: AuthorizationTable
}

/** Joins the tables of operations with what the published API says of them. Descriptions are read on first use. */
export function createServices(tables: Readonly<Record<ServiceId, ServiceTables>>): Services {
  const entries = Object.entries(tables).map(([id, own]) => {
    const service = id as ServiceId
    return [service, describe(service, own)] as const
  })
  return Object.fromEntries(entries) as unknown as Services
}

function describe(id: ServiceId, { operations, authorization }: ServiceTables): Service {
  return {
    id,
    operations,
    authorization,
    maxBodyBytes: MAX_BODY_BYTES[id],
    get description() {
      return loadService(id)
    },
    protocolOf: (headers) => spokenProtocol(loadService(id), headers),
  }
}

/**
 * Refuses a table that names an operation the generated description lacks: it could never be called; and one without a
 * word on who may call it.
 */
export function checkTables(services: Services): void {
  for (const service of Object.values(services)) {
    for (const name of Object.keys(service.operations)) {
      if (!service.description.operations.get(name)?.implemented)
        throw new Error(`${service.id} has a handler for ${name}, which its description does not know`)
      if (!Object.hasOwn(service.authorization, name))
        throw new Error(`${service.id} does not say who may call ${name}`)
    }
  }
}
