/** Wakes whoever looks after an instance in this process: something may have happened to it. */
export class InstanceBells {
  readonly #listeners = new Map<string, () => void>()

  ring(instance: string): void {
    this.#listeners.get(instance)?.()
  }

  /** One listener for an instance: its work item is leased once. */
  listen(instance: string): Bell {
    let rung = false
    let wake: (() => void) | undefined
    const onRing = () => {
      rung = true
      wake?.()
    }
    this.#listeners.set(instance, onRing)
    return {
      wait: (milliseconds, signal) =>
        new Promise((resolve, reject) => {
          const end = (settle: () => void) => {
            clearTimeout(timer)
            signal.removeEventListener('abort', onAbort)
            wake = undefined
            settle()
          }
          const onAbort = () => end(() => reject(signal.reason))
          const timer = setTimeout(() => end(() => resolve(false)), milliseconds)
          timer.unref()
          wake = () =>
            end(() => {
              rung = false
              resolve(true)
            })
          if (signal.aborted) onAbort()
          else if (rung) wake()
          else signal.addEventListener('abort', onAbort, { once: true })
        }),
      close: () => {
        if (this.#listeners.get(instance) === onRing) this.#listeners.delete(instance)
      },
    }
  }
}

export interface Bell {
  /** Resolves to true when it rings, or has rung since it was last waited for, and to false after the time. */
  wait(milliseconds: number, signal: AbortSignal): Promise<boolean>
  close(): void
}
