/** Why an instance cannot be brought up. */
export class HostingError extends Error {
  override readonly name = 'HostingError'
  /** Whether another try may help; if not, the endpoint fails at once. */
  readonly transient: boolean
  /** For people: what DescribeEndpoint shows as FailureReason. Never holds a secret. */
  readonly reason: string

  constructor(reason: string, options: { readonly transient: boolean; readonly cause?: unknown }) {
    super(reason, { cause: options.cause })
    this.reason = reason
    this.transient = options.transient
  }
}
