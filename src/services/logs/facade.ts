import type { Principal } from '../../access/principal.ts'

/** CloudWatch Logs for the other services: what containers and functions print. */
export interface LogsFacade {
  /**
   * Appends events to a stream as a principal, creating group and stream when absent. Events of one call keep their
   * order. Resolves when they are stored, or when the principal may not store them: then they are gone, and the server's
   * log says once for each group what the principal lacks. Rejects when storage is away.
   */
  append(principal: Principal, target: LogTarget, events: readonly LogEvent[]): Promise<void>
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
