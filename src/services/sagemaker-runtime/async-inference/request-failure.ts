import type { OversizedHandover } from '../../../dataplane/invocation.ts'
import { oversizedHandover } from '../errors.ts'

/** What a failed request counts as, by the name of the metric. */
export type FailureKind =
  | 'RequestDownloadFailures'
  | 'ResponseUploadFailures'
  | 'ExpiredRequests'
  /** The container refused it, broke, or took too long. */
  | 'InvocationFailures'

/** A request cannot be answered, and trying again would not help: its caller is told. */
export class RequestFailure extends Error {
  override readonly name = 'RequestFailure'
  readonly kind: FailureKind
  /** What the container said, for the log. */
  readonly logged: string
  /** The container's own words, for the notification; undefined when it said nothing. */
  readonly response: Uint8Array | undefined
  /** Whether it may be for having too much to do that the container failed. */
  readonly overload: boolean

  /** `reason` is told to the caller, after `ClientError: `. */
  constructor(
    kind: FailureKind,
    reason: string,
    options: { logged?: string; response?: Uint8Array; overload?: boolean } = {},
  ) {
    super(`ClientError: ${reason}`)
    this.kind = kind
    this.logged = options.logged ?? reason
    this.response = options.response
    this.overload = options.overload ?? false
  }
}

/** A request could not be dealt with for now: it goes back into the queue. */
export class RequestDeferred extends Error {
  override readonly name = 'RequestDeferred'
  /** Its container broke the connection while it had it, or it broke us: it is not tried so for ever. */
  readonly broke: boolean

  constructor(message: string, options: { broke: boolean; cause?: unknown }) {
    super(message, options)
    this.broke = options.broke
  }
}

/** So often a request may have its connection broken: one that ends its container must not end them all. */
export const MOST_BREAKS = 3

/** `trouble` is what it was put back for last, if it was. */
export const expired = (seconds: number, trouble: string | null): RequestFailure =>
  new RequestFailure(
    'ExpiredRequests',
    trouble === null
      ? `The request was not begun with within ${seconds} seconds (RequestTTLSeconds).`
      : `The request could not be worked on within ${seconds} seconds (RequestTTLSeconds): ${trouble}`,
  )

export const downloadFailed = (location: string, why: string): RequestFailure =>
  new RequestFailure('RequestDownloadFailures', `Failed to download the input ${location}: ${why}`)

export const uploadFailed = (location: string, why: string): RequestFailure =>
  new RequestFailure('ResponseUploadFailures', `Failed to upload the output to ${location}: ${why}`)

export const timedOut = (seconds: number): RequestFailure =>
  new RequestFailure(
    'InvocationFailures',
    `The model did not answer within ${seconds} seconds (InvocationTimeoutSeconds).`,
    { overload: true },
  )

export const responseTooLarge = (bytes: number): RequestFailure =>
  new RequestFailure('InvocationFailures', `The model's answer is larger than ${bytes} bytes.`)

/** Of a pipeline: what one container has for the next. */
export const handoverTooLarge = (handover: OversizedHandover): RequestFailure =>
  new RequestFailure('InvocationFailures', oversizedHandover(handover))

export const brokeOften = (): RequestFailure =>
  new RequestFailure(
    'InvocationFailures',
    `The model broke the connection ${MOST_BREAKS} times before its answer was whole.`,
    { overload: true },
  )

/** What went wrong is a fault of ours, and went wrong each time. */
export const unworkable = (): RequestFailure =>
  new RequestFailure('InvocationFailures', `An internal error ended the work on the request, ${MOST_BREAKS} times.`)

/**
 * The sentence of AWS's own notifications: "Check prediction results" (developer guide). `body` is what the container said, `container` its
 * name when there are several.
 */
export function refusedByModel(status: number, body: Uint8Array, container = 'primary'): RequestFailure {
  const side = status < 500 ? 'client' : 'server'
  const text = Buffer.from(body).toString('utf8')
  return new RequestFailure(
    'InvocationFailures',
    `Received ${side} error (${status}) from model. See the SageMaker Endpoint logs in your account for more information.`,
    {
      logged: `Received ${side} error (${status}) from ${container} with message "${text}".`,
      response: body,
      // A request that the model finds wrong would be wrong alone, too.
      overload: status === 429 || status >= 500,
    },
  )
}
