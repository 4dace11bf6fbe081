/** What a test leaves to chance, the same for the same seed. */
export interface Chance {
  readonly seed: number
  /** An integer from `from` to `to`, both included. */
  between(from: number, to: number): number
  /** One of these. */
  pick<T>(list: readonly T[]): T
}

/**
 * The chance of a fault test. Prints its seed; FAULT_SEED in the environment repeats a run as far as the machine's own
 * timing lets it.
 */
export function faultChance(test: string): Chance {
  const given = process.env.FAULT_SEED
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given)
  if (!Number.isSafeInteger(seed)) throw new Error(`FAULT_SEED is no integer: ${given}`)
  console.info(`${test}: FAULT_SEED=${seed}`)
  return chanceOf(seed)
}

/** The chance that goes with the seed. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0
  // mulberry32
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const between = (from: number, to: number) => from + Math.floor(next() * (to - from + 1))
  return { seed, between, pick: (list) => list[between(0, list.length - 1)] as (typeof list)[number] }
}
