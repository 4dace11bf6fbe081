/** What a worker tells the supervisor. */
export type FromWorker =
  | { readonly kind: 'ready'; readonly port: number; readonly runtime: string }
  /** The worker cannot start; `sentence` is for the user. */
  | { readonly kind: 'cannot-start'; readonly sentence: string }

/** What the supervisor tells a worker. */
export type ToWorker =
  /** Finish what is running, accept nothing new, then exit. */
  { readonly kind: 'drain' }
