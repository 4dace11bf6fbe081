import type { ServiceDescription } from '../model/service-description.ts'
import { encodeJson } from './json-codec.ts'
import type { ServiceError } from './service-error.ts'

/** The status of an error: the one it was thrown with, or the published one where it was thrown without. */
export function modelledStatus(description: ServiceDescription, error: ServiceError): number {
  if (error.status !== 400) return error.status
  const shape = description.errors.get(error.code)
  return shape?.error?.status ?? (shape?.error?.fault === true ? 500 : 400)
}

/** Whether the caller or the service is to blame, in the words of the query protocol. */
export const isSenderFault = (status: number): boolean => status < 500

/** The JSON members of an error. Clients read the message in either spelling. */
export function jsonErrorBody(description: ServiceDescription, error: ServiceError): Record<string, unknown> {
  const shape = description.errors.get(error.code)
  const members =
    shape === undefined ? error.members : { ...error.members, ...(encodeJson(shape, error.members) as object) }
  const located = new Set(shape?.members.filter((member) => member.location !== undefined).map((member) => member.name))
  const shown = Object.entries(members).filter(([name, value]) => value !== undefined && !located.has(name))
  return { message: error.message, Message: error.message, ...Object.fromEntries(shown) }
}

/** The name of an error in the JSON and CBOR protocols: its code, but the shape's name where codes are the query protocol's. */
export const errorType = (description: ServiceDescription, error: ServiceError): string =>
  description.queryCompatible ? (description.errors.get(error.code)?.name ?? error.code) : error.code

/** How a service that once spoke the query protocol tells newer clients the code that they know. */
export function queryErrorHeader(description: ServiceDescription, error: ServiceError): Record<string, string> {
  if (!description.queryCompatible) return {}
  const side = isSenderFault(modelledStatus(description, error)) ? 'Sender' : 'Receiver'
  return { 'x-amzn-query-error': `${error.code};${side}` }
}
