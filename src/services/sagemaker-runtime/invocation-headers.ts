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

const SESSION_HEADER = `${PREFIX}session-id`
const VARIANT_HEADER = `${PREFIX}target-variant`
/** The header that names the container of several that is to be invoked. */
export const TARGET_CONTAINER_HEADER = `${PREFIX}target-container-hostname`

/** A header with the member of the request that it carries. */
interface MemberHeader {
  readonly header: string
  readonly member: string
  /** As it is spelled where it reaches the container. */
  readonly spelling: string
  /** What its member may hold is as good as anything, so long as it is text. */
  readonly anyText: boolean
}

const passed = (header: string, spelling: string, member: string, anyText: boolean): MemberHeader => {
  return { header, member, spelling, anyText }
}

/** Headers that reach the container. */
const PASSED: readonly MemberHeader[] = [
  passed('content-type', 'Content-Type', 'ContentType', true),
  passed('accept', 'Accept', 'Accept', true),
  passed(`${PREFIX}custom-attributes`, 'X-Amzn-SageMaker-Custom-Attributes', 'CustomAttributes', true),
  passed(`${PREFIX}inference-id`, 'X-Amzn-SageMaker-Inference-Id', 'InferenceId', false),
  passed(SESSION_HEADER, 'X-Amzn-SageMaker-Session-Id', 'SessionId', false),
]

/** The same of InvokeEndpointWithResponseStream, whose `Accept` is about the event stream. */
const PASSED_OF_STREAM = PASSED.map((one) => (one.member === 'Accept' ? { ...one, header: `${PREFIX}accept` } : one))

/** Headers that choose where the request goes. */
const TARGETS = [
  { header: VARIANT_HEADER, member: 'TargetVariant' },
  { header: TARGET_CONTAINER_HEADER, member: 'TargetContainerHostname' },
]

/** Members that only other kinds of endpoints take, with what is said when one is sent to this kind. */
const REFUSED = [
  {
    header: `${PREFIX}target-model`,
    sentence: 'Target model is not supported for this endpoint: it is not a multi-model endpoint.',
  },
  {
    header: `${PREFIX}inference-component`,
    sentence: 'Inference component name is not supported for this endpoint: it has no inference components.',
  },
  {
    header: `${PREFIX}enable-explanations`,
    sentence: 'EnableExplanations is not supported for this endpoint: it has no explainer.',
  },
]

/** What the members that stand in nearly every request may hold: a header line, and no other line. */
const PLAIN = /^[\t\x20-\x7e]{0,1024}$/
const PLAIN_NAME = /^[a-zA-Z0-9](?:-*[a-zA-Z0-9])*$/

/** How an endpoint is invoked. */
export type InvocationOperation = 'InvokeEndpoint' | 'InvokeEndpointWithResponseStream'

/** Reads and checks the headers of an invocation. Throws ValidationError in the service's words. */
export function readInvocationHeaders(
  operation: InvocationOperation,
  endpointName: string,
  headers: IncomingHttpHeaders,
): InvocationHeaders {
  let headerLines = ''
  // Checking against the published shape costs more than all else here, and is not needed for what is plainly right.
  let plain = endpointName.length <= 63 && PLAIN_NAME.test(endpointName)
  for (const { header, spelling, anyText } of operation === 'InvokeEndpoint' ? PASSED : PASSED_OF_STREAM) {
    const value = headers[header] as string | undefined
    if (value === undefined) continue
    headerLines += `${spelling}: ${value}\r\n`
    plain &&= anyText && PLAIN.test(value)
  }
  const targetVariant = headers[VARIANT_HEADER] as string | undefined
  const targetContainer = headers[TARGET_CONTAINER_HEADER] as string | undefined
  if (!plain || targetVariant !== undefined || targetContainer !== undefined)
    checkInvocation(operation, endpointName, headers)
  for (const { header, sentence } of REFUSED) if (headers[header] !== undefined) throw validationError(sentence)
  return { targetVariant, targetContainer, sessionId: headers[SESSION_HEADER] as string | undefined, headerLines }
}

/** Checks members of the request against the published shape. */
function checkInvocation(operation: InvocationOperation, endpointName: string, headers: IncomingHttpHeaders): void {
  const members: Record<string, string> = {}
  const carried = operation === 'InvokeEndpoint' ? PASSED : PASSED_OF_STREAM
  for (const { header, member } of [...carried, ...TARGETS]) {
    const value = headers[header] as string | undefined
    if (value !== undefined) members[member] = value
  }
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
