import { RuntimeError } from '../container-runtime.ts'

/** While anything is open, the engine is asked this often. */
const PROBE_MILLISECONDS = 15_000

/**
 * Watches over answers of an engine that may rightly be silent for hours: the output of a quiet container, events, the progress of a
 * pull. No time of silence tells such an answer from one whose engine hangs, so the engine itself is asked, once for all of them;
 * when it does not answer that, they are ended as those of an engine that is away.
 */
export class EnginePulse {
  readonly #probe: () => Promise<void>
  readonly #interval: number
  readonly #open = new Set<AbortController>()
  #timer: NodeJS.Timeout | undefined

  /** `probe` resolves when the engine answers, and rejects after a time when it does not. */
  constructor(probe: () => Promise<void>, interval: number = PROBE_MILLISECONDS) {
    this.#probe = probe
    this.#interval = interval
  }

  /** The signal of something that is open until `close`; it aborts with RuntimeError `unreachable`. */
  open(): { readonly signal: AbortSignal; close(): void } {
    const controller = new AbortController()
    this.#open.add(controller)
    this.#await()
    return { signal: controller.signal, close: () => void this.#open.delete(controller) }
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#open.clear()
  }

  #await(): void {
    this.#timer ??= setTimeout(() => void this.#look(), this.#interval).unref()
  }

  async #look(): Promise<void> {
    // What is opened during the probe is not ended by it.
    const open = [...this.#open]
    try {
      if (open.length > 0) await this.#probe()
    } catch (error) {
      const reason =
        error instanceof RuntimeError ? error : new RuntimeError('unreachable', 'The container engine hangs.', error)
      for (const controller of open) controller.abort(reason)
    }
    this.#timer = undefined
    if (this.#open.size > 0) this.#await()
  }
}
