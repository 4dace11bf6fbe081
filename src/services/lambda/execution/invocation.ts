/** One event for a function. */
export interface Invocation {
  readonly requestId: string
  /** JSON. */
  readonly payload: Uint8Array
  /** JSON, as in `X-Amz-Client-Context` after decoding. */
  readonly clientContext?: string
  /** Whether the end of the log is wanted with the answer. */
  readonly tail: boolean
}

export interface InvocationOutcome {
  readonly payload: Uint8Array
  /** `Handled` or `Unhandled` when the function failed. */
  readonly functionError: 'Handled' | 'Unhandled' | undefined
  /** The end of the invocation's log in base64, when it was asked for. */
  readonly logTail: string | undefined
}

/** The document a caller gets for a failure that the function did not word itself. */
export const errorDocument = (errorType: string, errorMessage: string): Uint8Array =>
  Buffer.from(JSON.stringify({ errorType, errorMessage }))

/** `Task timed out after 3.00 seconds`. */
export const timeoutSentence = (seconds: number): string => `Task timed out after ${seconds.toFixed(2)} seconds`

/** The last line of an invocation's log. Durations in milliseconds; `initDuration` only when this invocation began the environment. */
export function reportLine(report: {
  readonly requestId: string
  readonly duration: number
  readonly memorySize: number
  readonly memoryUsed: number
  readonly initDuration: number | undefined
  readonly failure?: string
}): string {
  const parts = [
    `REPORT RequestId: ${report.requestId}`,
    `Duration: ${report.duration.toFixed(2)} ms`,
    `Billed Duration: ${Math.ceil(report.duration)} ms`,
    `Memory Size: ${report.memorySize} MB`,
    `Max Memory Used: ${Math.min(report.memorySize, Math.ceil(report.memoryUsed / 1024 / 1024))} MB`,
  ]
  if (report.initDuration !== undefined) parts.push(`Init Duration: ${report.initDuration.toFixed(2)} ms`)
  if (report.failure !== undefined) parts.push(`Status: ${report.failure}`)
  return `${parts.join('\t')}\t`
}
