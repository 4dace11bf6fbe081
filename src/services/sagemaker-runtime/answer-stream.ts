/** Where an answer is written: a response of node:http, or of the front that reads invocations itself. */
export interface AnswerStream {
  readonly headersSent: boolean
  /** All of the answer has been handed over. */
  readonly writableFinished: boolean
  readonly writableNeedDrain: boolean
  /** It is over: the answer has been handed over, or the connection has gone. */
  readonly closed: boolean
  readonly destroyed: boolean
  /** Headers as names and values by turns, or by name. */
  writeHead(status: number, headers: string[] | Record<string, string | number>): unknown
  flushHeaders(): void
  /**
   * Returns false when the client does not take it as fast as it comes: `drain` tells when it does. Calls `done` once the part is not
   * read any more.
   */
  write(part: Uint8Array, done?: () => void): boolean
  /**
   * Writes what stands in `room` from `start` to before `end`. The 16 bytes before it and 2 behind it may be written over. Returns whether
   * the memory may be used for something else at once.
   */
  writeInPlace?(room: Buffer, start: number, end: number): boolean
  end(body?: Uint8Array): unknown
  /** Ends with bytes that are only valid during the call, where that can be done without a copy for each answer. */
  endWithLent?(body: Uint8Array): unknown
  /** Breaks the connection. */
  destroy(): unknown
  once(event: 'close' | 'drain', listener: () => void): unknown
}
