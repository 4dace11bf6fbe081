/**
 * Calls `check` until it returns without throwing, and returns its value; rejects with the last error once `timeout`
 * milliseconds have passed. For conditions that come true by themselves; never a fixed sleep.
 */
export async function eventually<T>(check: () => T | Promise<T>, timeout = 10_000, interval = 25): Promise<T> {
  const deadline = performance.now() + timeout
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (performance.now() > deadline) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, interval))
  }
}
