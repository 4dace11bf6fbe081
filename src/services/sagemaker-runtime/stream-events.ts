import { eventFrame } from '../../wire/event-stream/event-frame.ts'

/*
 * The events of InvokeEndpointWithResponseStream. Source: api reference, "InvokeEndpointWithResponseStream".
 */

/** Bytes of the container, as they have come. */
export const payloadPart = eventFrame({
  ':message-type': 'event',
  ':event-type': 'PayloadPart',
  ':content-type': 'application/octet-stream',
})

const modelStreamError = eventFrame({
  ':message-type': 'exception',
  ':exception-type': 'ModelStreamError',
  ':content-type': 'application/json',
})

const internalStreamFailure = eventFrame({
  ':message-type': 'exception',
  ':exception-type': 'InternalStreamFailure',
  ':content-type': 'application/json',
})

/** Why the container's stream ended before its end. */
export type StreamErrorCode = 'ModelInvocationTimeExceeded' | 'StreamBroken'

export const modelStreamErrorEvent = (ErrorCode: StreamErrorCode, Message: string): Buffer =>
  modelStreamError.message(Buffer.from(JSON.stringify({ Message, ErrorCode })))

/** The stream ends before its end for a reason that is not the model's. */
export const internalFailureEvent = (): Buffer =>
  internalStreamFailure.message(
    Buffer.from(JSON.stringify({ Message: 'We encountered an internal error. Please try again.' })),
  )
