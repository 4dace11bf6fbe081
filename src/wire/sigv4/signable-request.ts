/** The parts of an HTTP request that a signature covers, as they were on the wire. */
export interface SignableRequest {
  readonly method: string
  /** Path and query exactly as sent: `/bucket/a%20b?list-type=2`. */
  readonly target: string
  /** Header values by lower-case name, one character a byte, as node:http gives them. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** Names and values in turn, as sent. Consulted only for a header that was sent more than once. */
  readonly rawHeaders?: readonly string[]
}

/** The value of a header that is expected once. */
export function headerText(request: SignableRequest, name: string): string | undefined {
  // A list of signed headers may name what every object has.
  const value = Object.hasOwn(request.headers, name) ? request.headers[name] : undefined
  return value === undefined || typeof value === 'string' ? value : value.join(',')
}
