import { wait } from './wait.ts'

/**
 * Enough for hundreds of callers at once where a commit takes a few milliseconds. Where a sync of the disk takes longer than
 * the longest pause only about one caller gets through with each: then it is enough for about as many callers as this.
 */
const ATTEMPTS = 60
/** Longest pause, in milliseconds. */
const LONGEST = 50

/**
 * Repeats what reads, decides and writes under a guard, while `isOvertaken` says that somebody else has written in between.
 * Pauses at random, so that of many who meet some get through each time. Rejects with the last error when none of many
 * attempts has held.
 */
export async function retryOvertaken<Result>(
  attempt: () => Promise<Result>,
  isOvertaken: (error: unknown) => boolean,
  signal: AbortSignal,
): Promise<Result> {
  for (let count = 1; ; count++) {
    try {
      return await attempt()
    } catch (error) {
      if (!isOvertaken(error) || count === ATTEMPTS) throw error
      await wait(Math.random() * Math.min(LONGEST, 2 ** count), signal)
    }
  }
}
