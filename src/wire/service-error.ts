/**
 * An error that a caller is meant to see. Handlers throw it; only `wire/` turns it into bytes, in the
 * form of the service's protocol. Anything else that is thrown is a bug and is answered `InternalFailure`.
 */
export class ServiceError extends Error {
  /** The AWS error code, such as `ValidationException` or `NoSuchKey`. */
  readonly code: string
  /** The HTTP status; protocols with a fixed status (awsJson) still use it for 5xx. */
  readonly status: number
  /** Further members of the modelled exception, such as `OriginalStatusCode`. */
  readonly members: Readonly<Record<string, unknown>>
  /** Further response headers, such as `Retry-After`. */
  readonly headers: Readonly<Record<string, string>>

  constructor(
    code: string,
    message: string,
    options: {
      readonly status?: number
      readonly members?: Readonly<Record<string, unknown>>
      readonly headers?: Readonly<Record<string, string>>
      readonly cause?: unknown
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'ServiceError'
    this.code = code
    this.status = options.status ?? 400
    this.members = options.members ?? {}
    this.headers = options.headers ?? {}
  }
}

/** The request is well formed but not acceptable. Most of SageMaker's refusals carry this code. */
export const validationException = (message: string): ServiceError => new ServiceError('ValidationException', message)

/** A known operation, or a member that would change the outcome, that Slipway does not implement: refused by name. */
export const notImplemented = (what: string): ServiceError =>
  new ServiceError('NotImplemented', `${what} is not implemented by Slipway.`, { status: 501 })
