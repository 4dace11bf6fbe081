/**
 * Resolves after `milliseconds`, or rejects with the signal's reason as soon as it aborts.
 * The timer does not keep the process alive.
 */
export function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const onAbort = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    }, milliseconds)
    timer.unref()
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
