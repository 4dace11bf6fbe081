import type { IncomingHttpHeaders } from 'node:http'
import { loadService } from '../../model/service-description.ts'
import { validationMessage } from '../../model/validate.ts'
import { validationError } from './errors.ts'

/** What the caller's headers ask for. */
export interface InvocationHeaders {
  readonly targetVariant: string | undefined
  readonly targetContainer: string | undefined
  readonly sessionId: string | undefined
  /** Header lines for the container: only what the contract lets through. */
  readonly headerLines: string
}

const PREFIX = 'x-amzn-sagemaker-'

/** Headers that reach the container, as they are spelled there, with the member of the request they carry. */
const PASSED: readonly (readonly [header: string, spelling: string, member: string])[] = [
  ['content-type', 'Content-Type', 'ContentType'],
  ['accept', 'Accept', 'Accept'],
  [`${PREFIX}custom-attributes`, 'X-Amzn-SageMaker-Custom-Attributes', 'CustomAttributes'],
  [`${PREFIX}inference-id`, 'X-Amzn-SageMaker-Inference-Id', 'InferenceId'],
  [`${PREFIX}session-id`, 'X-Amzn-SageMaker-Session-Id', 'SessionId'],
]

/** The same of InvokeEndpointWithResponseStream, whose `Accept` is about the event stream. */
const PASSED_OF_STREAM = PASSED.map((entry) =>
  entry[2] === 'Accept' ? ([`${PREFIX}accept`, 'Accept', 'Accept'] as const) : entry,
)

/** Members that only other kinds of endpoints take, with what is said when one is sent to this kind. */
const REFUSED: readonly (readonly [header: string, sentence: string])[] = [
  [`${PREFIX}target-model`, 'Target model is not supported for this endpoint: it is not a multi-model endpoint.'],
  [
    `${PREFIX}inference-component`,
    'Inference component name is not supported for this endpoint: it has no inference components.',
  ],
  [`${PREFIX}enable-explanations`, 'EnableExplanations is not supported for this endpoint: it has no explainer.'],
]

/** What the members that stand in nearly every request may hold: a header line, and no other line. */
const PLAIN = /^[\t\x20-\x7e]{0,1024}$/
const PLAIN_NAME = /^[a-zA-Z0-9](?:-*[a-zA-Z0-9])*$/
const ANY_TEXT: ReadonlySet<string> = new Set(['ContentType', 'Accept', 'CustomAttributes'])

/** The header that names the container of several that is to be invoked. */
export const TARGET_CONTAINER_HEADER = `${PREFIX}target-container-hostname`

/** How an endpoint is invoked. */
export type InvocationOperation = 'InvokeEndpoint' | 'InvokeEndpointWithResponseStream'

/** Reads and checks the headers of an invocation. Throws ValidationError in the service's words. */
export function readInvocationHeaders(
  operation: InvocationOperation,
  endpointName: string,
  headers: IncomingHttpHeaders,
): InvocationHeaders {
  const input: Record<string, string> = {}
  let headerLines = ''
  // Checking against the published shape costs more than all else here, and is not needed for what is plainly right.
  let plain = endpointName.length <= 63 && PLAIN_NAME.test(endpointName)
  for (const [header, spelling, member] of operation === 'InvokeEndpoint' ? PASSED : PASSED_OF_STREAM) {
    const value = headers[header] as string | undefined
    if (value === undefined) continue
    input[member] = value
    headerLines += `${spelling}: ${value}\r\n`
    plain &&= ANY_TEXT.has(member) && PLAIN.test(value)
  }
  const targetVariant = headers[`${PREFIX}target-variant`] as string | undefined
  if (targetVariant !== undefined) input.TargetVariant = targetVariant
  const targetContainer = headers[TARGET_CONTAINER_HEADER] as string | undefined
  if (targetContainer !== undefined) input.TargetContainerHostname = targetContainer
  if (!plain || targetVariant !== undefined || targetContainer !== undefined)
    checkInvocation(operation, endpointName, input)
  for (const [header, sentence] of REFUSED) if (headers[header] !== undefined) throw validationError(sentence)
  return { targetVariant, targetContainer, sessionId: input.SessionId, headerLines }
}

/** Checks members of the request against the published shape. */
function checkInvocation(
  operation: InvocationOperation,
  endpointName: string,
  members: Readonly<Record<string, string>>,
): void {
  // The body is a required member, though there is nothing to check about it.
  const input = { EndpointName: endpointName, Body: '', ...members }
  const message = validationMessage(inputShape(operation), input, { elementsNotNull: false })
  if (message !== undefined) throw validationError(message)
  // The server lets no other characters in; that none can end a header line is not left to it.
  if (!Object.values(members).every((value) => /^[\t\x20-\x7e]*$/.test(value)))
    throw validationError('A header of the request holds control characters.')
}

const inputShape = (operation: InvocationOperation) =>
  loadService('sagemaker-runtime').operations.get(operation)!.input!
