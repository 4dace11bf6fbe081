import type { FoundEngine } from '../runtime/docker/awaited-engine.ts'

/** What a worker tells the supervisor. */
export type FromWorker =
  | {
      readonly kind: 'ready'
      readonly port: number
      readonly runtime: string
      /** Why the container engine does not answer, when it does not. */
      readonly engineProblem: string | undefined
    }
  /** For the workers that take the place of others, also while the engine is away. */
  | { readonly kind: 'engine-found'; readonly engine: FoundEngine }
  /** The worker cannot start; `sentence` is for the user. */
  | { readonly kind: 'cannot-start'; readonly sentence: string }

/** What the supervisor tells a worker. */
export type ToWorker =
  /** Finish what is running, accept nothing new, then exit. */
  { readonly kind: 'drain' }
