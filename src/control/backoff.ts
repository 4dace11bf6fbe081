const FIRST = 250
const LONGEST = 60_000

/**
 * Milliseconds until the next try after `attempts` failures in a row (1 or more): doubles from 250 ms to 60 s, and
 * takes off up to half by `random` (0 to 1), so that items that failed together do not come back together.
 */
export function backoff(attempts: number, random: number): number {
  const full = Math.min(LONGEST, FIRST * 2 ** Math.min(attempts - 1, 30))
  return Math.round(full * (1 - random / 2))
}
