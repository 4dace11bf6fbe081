/** One complete entry of the model cache. */
export interface CacheEntry {
  readonly key: string
  readonly bytes: number
  /** Epoch milliseconds. */
  readonly lastUsed: number
}

export interface EvictionRules {
  /** What all entries together may take. */
  readonly maximumBytes: number
  /** Keys of entries that containers have mounted. */
  readonly inUse: ReadonlySet<string>
  readonly now: number
  /** An entry used within this time may be about to be mounted, and stays. */
  readonly graceMilliseconds: number
}

/** The entries to drop, least recently used first, until the rest fits. Never one in use, even if that is too much. */
export function chooseEvictions(entries: readonly CacheEntry[], rules: EvictionRules): CacheEntry[] {
  let excess = entries.reduce((sum, entry) => sum + entry.bytes, 0) - rules.maximumBytes
  const idle = entries
    .filter(({ key, lastUsed }) => !rules.inUse.has(key) && lastUsed + rules.graceMilliseconds <= rules.now)
    .sort((a, b) => a.lastUsed - b.lastUsed)
  const chosen: CacheEntry[] = []
  for (const entry of idle) {
    if (excess <= 0) break
    chosen.push(entry)
    excess -= entry.bytes
  }
  return chosen
}
