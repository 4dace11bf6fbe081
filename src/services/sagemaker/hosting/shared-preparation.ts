/** Lets callers that need the same at the same time share the work of getting it. */
export class SharedPreparation<T> {
  readonly #running = new Map<string, { readonly result: Promise<T>; readonly abort: AbortController; users: number }>()

  /**
   * Joins the work named `key`, or begins it. A caller whose signal aborts leaves alone; the work is given up when the
   * last has left.
   */
  async join(key: string, begin: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted()
    let work = this.#running.get(key)
    if (work === undefined) {
      const abort = new AbortController()
      const result = begin(abort.signal).finally(() => this.#drop(key, result))
      // Everybody may have left when it fails.
      result.catch(() => {})
      work = { result, abort, users: 0 }
      this.#running.set(key, work)
    }
    work.users++
    let onAbort = () => {}
    const left = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
    })
    try {
      return await Promise.race([work.result, left])
    } finally {
      signal.removeEventListener('abort', onAbort)
      work.users--
      if (work.users === 0) {
        this.#drop(key, work.result)
        work.abort.abort(new Error('nobody waits for it any more'))
      }
    }
  }

  #drop(key: string, result: Promise<T>): void {
    if (this.#running.get(key)?.result === result) this.#running.delete(key)
  }
}
