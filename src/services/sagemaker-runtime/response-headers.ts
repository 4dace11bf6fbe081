/** The container's headers that reach the caller, with how they are spelled there; all others are dropped. */
const RETURNED: readonly (readonly [name: string, shown: string])[] = [
  ['content-type', 'Content-Type'],
  ['x-amzn-sagemaker-custom-attributes', 'X-Amzn-SageMaker-Custom-Attributes'],
  ['x-amzn-sagemaker-new-session-id', 'X-Amzn-SageMaker-New-Session-Id'],
  ['x-amzn-sagemaker-closed-session-id', 'X-Amzn-SageMaker-Closed-Session-Id'],
]

const STREAM_RETURNED: readonly (readonly [name: string, shown: string])[] = [
  ['content-type', 'X-Amzn-SageMaker-Content-Type'],
  ['x-amzn-sagemaker-custom-attributes', 'X-Amzn-SageMaker-Custom-Attributes'],
]

/** What a header of InvokeEndpoint may hold. Anything else a container says there is dropped: it cannot be passed on. */
const PRESENTABLE = /^[\x20-\x7e]{0,1024}$/

/** The headers of a successful answer, names and values by turns. */
export function responseHeaders(
  requestId: string,
  variant: string,
  container: ReadonlyMap<string, string>,
  contentLength: number | undefined,
): string[] {
  const headers = ['x-amzn-RequestId', requestId, 'x-Amzn-Invoked-Production-Variant', variant]
  for (const [name, shown] of RETURNED) {
    const value = container.get(name)
    if (value !== undefined && PRESENTABLE.test(value)) headers.push(shown, value)
  }
  if (contentLength !== undefined) headers.push('Content-Length', String(contentLength))
  return headers
}

/** The headers of an event stream: the type of its payload has a header of its own. */
export function streamHeaders(requestId: string, variant: string, container: ReadonlyMap<string, string>): string[] {
  const headers = ['x-amzn-RequestId', requestId, 'x-Amzn-Invoked-Production-Variant', variant]
  headers.push('Content-Type', 'application/vnd.amazon.eventstream')
  for (const [name, shown] of STREAM_RETURNED) {
    const value = container.get(name)
    if (value !== undefined && PRESENTABLE.test(value)) headers.push(shown, value)
  }
  return headers
}
