import type { IncomingHttpHeaders } from 'node:http'
import { loadService } from '../../model/service-description.ts'
import { validationMessage } from '../../model/validate.ts'
import { validationError } from './errors.ts'

/** What the caller's headers ask for. */
export interface InvocationHeaders {
  readonly targetVariant: string | undefined
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

/** Members that only other kinds of endpoints take, with what is said when one is sent to this kind. */
const REFUSED: readonly (readonly [header: string, sentence: string])[] = [
  [`${PREFIX}target-model`, 'Target model is not supported for this endpoint: it is not a multi-model endpoint.'],
  [
    `${PREFIX}target-container-hostname`,
    'Target container hostname is not supported for this endpoint: its model is not invoked directly.',
  ],
  [
    `${PREFIX}inference-component`,
    'Inference component name is not supported for this endpoint: it has no inference components.',
  ],
  [`${PREFIX}enable-explanations`, 'EnableExplanations is not supported for this endpoint: it has no explainer.'],
]

/** What a header line may hold. The server lets nothing else in; that this holds is not left to it. */
const ONE_LINE = /^[\t\x20-\x7e]*$/

/** Reads and checks the endpoint's name and the headers of InvokeEndpoint. Throws ValidationError in the service's words. */
export function readInvocationHeaders(endpointName: string, headers: IncomingHttpHeaders): InvocationHeaders {
  // The body is a required member, though there is nothing to check about it.
  const input: Record<string, string> = { EndpointName: endpointName, Body: '' }
  let headerLines = ''
  let oneLine = true
  for (const [header, spelling, member] of PASSED) {
    const value = headers[header] as string | undefined
    if (value === undefined) continue
    input[member] = value
    headerLines += `${spelling}: ${value}\r\n`
    oneLine &&= ONE_LINE.test(value)
  }
  const targetVariant = headers[`${PREFIX}target-variant`] as string | undefined
  if (targetVariant !== undefined) input.TargetVariant = targetVariant
  const message = validationMessage(inputShape(), input, { elementsNotNull: false })
  if (message !== undefined) throw validationError(message)
  if (!oneLine) throw validationError('A header of the request holds control characters.')
  for (const [header, sentence] of REFUSED) if (headers[header] !== undefined) throw validationError(sentence)
  return { targetVariant, sessionId: input.SessionId, headerLines }
}

const inputShape = () => loadService('sagemaker-runtime').operations.get('InvokeEndpoint')!.input!
