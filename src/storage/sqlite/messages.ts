/** What the main thread and the writer thread say to each other. All of it is structured-cloned. */

export interface UnitMessage {
  readonly id: number
  readonly statements: readonly {
    readonly sql: string
    readonly parameters: readonly unknown[]
    /** How many rows the statement must affect or return. */
    readonly rows?: number
  }[]
}

export type ToWriter = { readonly type: 'units'; readonly units: readonly UnitMessage[] } | { readonly type: 'close' }

/** An error without its class, which a thread boundary does not keep. */
export interface WireError {
  readonly name: string
  readonly message: string
}

export interface WireResult {
  readonly rows: readonly Record<string, unknown>[]
  readonly affected: number
}

export type Outcome =
  | { readonly type: 'committed'; readonly results: readonly WireResult[] }
  /** The statement with this index did not meet its expectation. */
  | { readonly type: 'unexpected'; readonly index: number }
  | { readonly type: 'failed'; readonly error: WireError }

export interface Answer {
  readonly id: number
  readonly outcome: Outcome
}

export type FromWriter =
  | { readonly type: 'ready' }
  | { readonly type: 'answers'; readonly answers: readonly Answer[]; readonly commits: number }
  | { readonly type: 'closed' }

/** What the writer thread is started with. */
export interface WriterOptions {
  readonly file: string
  /** How many milliseconds units wait for the write lock before they are refused. */
  readonly lockTimeout: number
}
