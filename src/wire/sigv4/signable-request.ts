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
export function headerText({ headers }: SignableRequest, name: string): string | undefined {
  const value = headers[name]
  if (typeof value === 'string' || value === undefined) return value
  // A list of signed headers may name what every object has; none of that is a text.
  return Object.hasOwn(headers, name) ? value.join(',') : undefined
}
