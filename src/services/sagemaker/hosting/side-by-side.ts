import { wait } from '../../../shared/wait.ts'

/** What one of several has come to. */
export type Settled<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown }

/**
 * Does several things at once. As soon as one fails, the others have `patienceMilliseconds` to come to an end of their
 * own, so that all that is wrong can be told together; then they are broken off and count as neither: undefined.
 */
export async function sideBySide<T>(
  tasks: readonly ((signal: AbortSignal) => Promise<T>)[],
  patienceMilliseconds: (error: unknown) => number,
  signal: AbortSignal,
): Promise<readonly (Settled<T> | undefined)[]> {
  const breakOff = new AbortController()
  const own = AbortSignal.any([signal, breakOff.signal])
  const done = new AbortController()
  let patience: Promise<void> | undefined
  const results = await Promise.all(
    tasks.map(async (task): Promise<Settled<T> | undefined> => {
      try {
        return { ok: true, value: await task(own) }
      } catch (error) {
        if (breakOff.signal.aborted) return undefined
        patience ??= wait(patienceMilliseconds(error), done.signal).then(
          () => breakOff.abort(new Error('another has failed')),
          () => {},
        )
        return { ok: false, error }
      }
    }),
  )
  done.abort()
  await patience
  return results
}
