/**
 * Counts what becomes of the invocations of a variant. Called once for each, on its way: it takes some dozen nanoseconds,
 * allocates nothing and never fails.
 */
export interface InvocationMeter {
  /**
   * An invocation is over. `status` is the container's, 0 when it gave none; `whole` tells whether its answer came to an
   * end; `modelMilliseconds` is the container's time, `overheadMilliseconds` that between the request's arrival and its
   * departure to the container.
   */
  count(status: number, whole: boolean, modelMilliseconds: number, overheadMilliseconds: number): void
  /** The caller left before the answer was whole. */
  countAbandoned(): void
}

/** Counts what becomes of the requests to one container of several. */
export interface ContainerMeter {
  /** An exchange is over: the container's status, whether its answer came to an end, and how long it took. */
  count(status: number, whole: boolean, milliseconds: number): void
  countAbandoned(): void
}
