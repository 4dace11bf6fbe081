import type { IncomingHttpHeaders } from 'node:http'
import { validationError } from './errors.ts'

/** What the caller's headers ask for. */
export interface InvocationHeaders {
  readonly targetVariant: string | undefined
  readonly sessionId: string | undefined
  /** Header lines for the container: only what the contract lets through. */
  readonly headerLines: string
}

const PREFIX = 'x-amzn-sagemaker-'
const VISIBLE_ASCII = /^[\x20-\x7e]*$/
const NAME = /^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/

/** Members that only other kinds of endpoints take, with what is said when one is sent to this kind. */
const REFUSED: readonly (readonly [header: string, sentence: string])[] = [
  ['target-model', 'Target model is not supported for this endpoint: it is not a multi-model endpoint.'],
  [
    'target-container-hostname',
    'Target container hostname is not supported for this endpoint: its model is not invoked directly.',
  ],
  [
    'inference-component',
    'Inference component name is not supported for this endpoint: it has no inference components.',
  ],
  ['enable-explanations', 'EnableExplanations is not supported for this endpoint: it has no explainer.'],
]

/** Reads and checks the headers of InvokeEndpoint. Throws ValidationError in the service's words. */
export function readInvocationHeaders(headers: IncomingHttpHeaders): InvocationHeaders {
  for (const [name, sentence] of REFUSED) if (headers[PREFIX + name] !== undefined) throw validationError(sentence)
  const contentType = limited(headers['content-type'], 'contentType')
  const accept = limited(headers.accept, 'accept')
  const customAttributes = visible(single(headers, 'custom-attributes'), 'customAttributes')
  const targetVariant = single(headers, 'target-variant')
  if (targetVariant !== undefined && (targetVariant.length > 63 || !NAME.test(targetVariant)))
    throw constraint(
      targetVariant,
      'targetVariant',
      `Member must satisfy regular expression pattern: ${NAME.source.slice(1, -1)}`,
    )
  const inferenceId = single(headers, 'inference-id')
  if (inferenceId !== undefined) {
    if (inferenceId.length > 64)
      throw constraint(inferenceId, 'inferenceId', 'Member must have length less than or equal to 64')
    if (!/^\S[\x20-\x7e]*$/.test(inferenceId))
      throw constraint(
        inferenceId,
        'inferenceId',
        'Member must satisfy regular expression pattern: \\A\\S[\\p{Print}]*\\z',
      )
  }
  const sessionId = readSessionId(single(headers, 'session-id'))
  let lines = ''
  if (contentType !== undefined) lines += `Content-Type: ${contentType}\r\n`
  if (accept !== undefined) lines += `Accept: ${accept}\r\n`
  if (customAttributes !== undefined) lines += `X-Amzn-SageMaker-Custom-Attributes: ${customAttributes}\r\n`
  if (inferenceId !== undefined) lines += `X-Amzn-SageMaker-Inference-Id: ${inferenceId}\r\n`
  if (sessionId !== undefined) lines += `X-Amzn-SageMaker-Session-Id: ${sessionId}\r\n`
  return { targetVariant, sessionId, headerLines: lines }
}

function single(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[PREFIX + name]
  return Array.isArray(value) ? value.join(', ') : value
}

function readSessionId(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  if (text.length > 256) throw constraint(text, 'sessionId', 'Member must have length less than or equal to 256')
  if (!/^(NEW_SESSION|[a-zA-Z0-9](-*[a-zA-Z0-9])*)$/.test(text))
    throw constraint(
      text,
      'sessionId',
      'Member must satisfy regular expression pattern: ^(NEW_SESSION)$|^[a-zA-Z0-9](-*[a-zA-Z0-9])*$',
    )
  return text
}

function limited(text: string | undefined, member: string): string | undefined {
  if (text !== undefined && text.length > 1024)
    throw constraint(text, member, 'Member must have length less than or equal to 1024')
  return text
}

function visible(text: string | undefined, member: string): string | undefined {
  if (text !== undefined && !VISIBLE_ASCII.test(text))
    throw constraint(text, member, 'Member must satisfy regular expression pattern: \\p{ASCII}*')
  return limited(text, member)
}

const constraint = (value: string, member: string, rule: string) =>
  validationError(`1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: ${rule}`)
