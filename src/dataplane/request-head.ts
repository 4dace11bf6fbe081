/**
 * The request line and headers for a container: `POST /invocations`, and nothing of the caller's but what is listed.
 * `address` is `host:port`; without a length the body is chunked.
 */
export function requestHead(address: string, headerLines: string, contentLength: number | undefined): string {
  const framing =
    contentLength === undefined ? 'Transfer-Encoding: chunked\r\n' : `Content-Length: ${contentLength}\r\n`
  return `POST /invocations HTTP/1.1\r\nHost: ${address}\r\n${headerLines}${framing}\r\n`
}
