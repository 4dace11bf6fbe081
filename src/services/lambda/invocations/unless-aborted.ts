/** The outcome of what runs, or the signal's reason as soon as it aborts; what runs goes on either way. */
export function unlessAborted<T>(running: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    void running.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
