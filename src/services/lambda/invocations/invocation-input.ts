import { invalidRequestContent, payloadTooLarge, unparseablePayload } from '../errors.ts'

/** Bytes of an event: of a synchronous and of an asynchronous invocation. */
const MAX_EVENT = 6 * 1024 * 1024
const MAX_ASYNC_EVENT = 1024 * 1024
const MAX_CLIENT_CONTEXT = 3583

/** The event as the function gets it: JSON of bounded size; nothing at all counts as `{}`. */
export function checkEvent(payload: Uint8Array | undefined, type: 'Event' | 'RequestResponse' | 'DryRun'): Uint8Array {
  const limit = type === 'Event' ? MAX_ASYNC_EVENT : MAX_EVENT
  if (payload === undefined || payload.length === 0) return Buffer.from('{}')
  if (payload.length > limit) throw payloadTooLarge(limit)
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
  } catch {
    // The parser's own message quotes the event, which may hold secrets.
    throw unparseablePayload('it is not valid JSON in UTF-8')
  }
  return payload
}

/** `X-Amz-Client-Context`: JSON in base64. */
export function decodeClientContext(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined
  if (text.length > MAX_CLIENT_CONTEXT)
    throw invalidRequestContent(`Client context must be no larger than ${MAX_CLIENT_CONTEXT} bytes.`)
  try {
    // Written again by this side, so that it fits into one header line.
    return JSON.stringify(JSON.parse(Buffer.from(text, 'base64').toString('utf8'))).replace(
      /[\u007f-\uffff]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    )
  } catch {
    throw invalidRequestContent('Client context must be a valid Base64-encoded JSON object.')
  }
}
