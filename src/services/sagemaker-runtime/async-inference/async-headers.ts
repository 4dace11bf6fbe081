import type { IncomingHttpHeaders } from 'node:http'
import { loadService } from '../../../model/service-description.ts'
import { validationMessage } from '../../../model/validate.ts'
import { validationError } from '../errors.ts'

/** What the headers of InvokeEndpointAsync say. */
export interface AsyncInvocation {
  readonly contentType: string | undefined
  readonly accept: string | undefined
  readonly customAttributes: string | undefined
  readonly inferenceId: string | undefined
  readonly inputLocation: string | undefined
  readonly extension: string | undefined
  readonly filename: string | undefined
  /** Seconds. */
  readonly timeToLive: number
  /** Seconds. */
  readonly timeout: number
}

const PREFIX = 'x-amzn-sagemaker-'
/** Seconds, where the request says nothing. Source: InvokeEndpointAsync (API reference). */
const TIME_TO_LIVE = 21_600
const TIMEOUT = 900

const HEADERS = {
  ContentType: 'content-type',
  Accept: 'accept',
  CustomAttributes: 'custom-attributes',
  InferenceId: 'inference-id',
  InputLocation: 'inputlocation',
  S3OutputPathExtension: 's3outputpathextension',
  Filename: 'filename',
  RequestTTLSeconds: 'requestttlseconds',
  InvocationTimeoutSeconds: 'invocationtimeoutseconds',
} as const

const NUMBERS: ReadonlySet<string> = new Set(['RequestTTLSeconds', 'InvocationTimeoutSeconds'])

/** Reads and checks the headers of an invocation; `withBody` when a body came. @throws ValidationError in the service's words */
export function readAsyncHeaders(
  endpointName: string,
  headers: IncomingHttpHeaders,
  withBody: boolean,
): AsyncInvocation {
  const input: Record<string, string | number> = {}
  for (const [member, header] of Object.entries(HEADERS)) {
    const value = headers[PREFIX + header] as string | undefined
    if (value === undefined) continue
    input[member] = NUMBERS.has(member) ? integer(member, value) : value
  }
  // Clients of before bodies could come with the request name the type there.
  const { InputLocation: inputLocation } = input as { InputLocation?: string }
  if (withBody === (inputLocation !== undefined))
    throw validationError('Exactly one of Body and InputLocation must be specified.')
  // The published shape takes the location for required, and knows no body.
  const shape = { EndpointName: endpointName, InputLocation: 's3://inline/body', ...input }
  const message = validationMessage(inputShape(), shape, { elementsNotNull: false })
  if (message !== undefined) throw validationError(message)
  // Most become header lines for the container; of other bytes no client says which characters they are.
  for (const [member, value] of Object.entries(input))
    if (typeof value === 'string' && !/^[\t\x20-\x7e]*$/.test(value))
      throw validationError(`${member} may hold printable ASCII characters only.`)
  const text = (member: keyof typeof HEADERS) => input[member] as string | undefined
  return {
    contentType: text('ContentType') ?? (withBody ? (headers['content-type'] as string | undefined) : undefined),
    accept: text('Accept'),
    customAttributes: text('CustomAttributes'),
    inferenceId: text('InferenceId'),
    inputLocation,
    extension: text('S3OutputPathExtension'),
    filename: text('Filename'),
    timeToLive: (input.RequestTTLSeconds as number | undefined) ?? TIME_TO_LIVE,
    timeout: (input.InvocationTimeoutSeconds as number | undefined) ?? TIMEOUT,
  }
}

function integer(member: string, value: string): number {
  if (!/^-?\d{1,9}$/.test(value)) throw validationError(`${member} must be a whole number of seconds.`)
  return Number(value)
}

const inputShape = () => loadService('sagemaker-runtime').operations.get('InvokeEndpointAsync')!.input!
