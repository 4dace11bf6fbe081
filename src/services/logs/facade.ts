/** CloudWatch Logs for the other services: what containers and functions print. */
export interface LogsFacade {
  /**
   * Appends events to a stream, creating group and stream when absent. Events of one call keep their order.
   * Resolves when they are stored.
   */
  append(target: LogTarget, events: readonly LogEvent[]): Promise<void>
}

export interface LogTarget {
  readonly account: string
  readonly region: string
  readonly group: string
  readonly stream: string
}

export interface LogEvent {
  /** Epoch milliseconds. */
  readonly timestamp: number
  readonly message: string
}
