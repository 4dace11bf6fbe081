import type { ChangeFeed } from '../../src/storage/change-feed.ts'

/** A change feed whose listeners hear everything `milliseconds()` later, and still in order. */
export function lateFeed(feed: ChangeFeed, milliseconds: () => number): ChangeFeed & { release(): void } {
  const timers = new Set<NodeJS.Timeout>()
  // One queue for all topics: what was announced first is heard first.
  let last = 0
  return {
    announce: (change) => feed.announce(change),
    subscribe: (topic, listener) =>
      feed.subscribe(topic, (key) => {
        last = Math.max(last, performance.now() + milliseconds())
        const timer = setTimeout(() => {
          timers.delete(timer)
          listener(key)
        }, last - performance.now())
        timers.add(timer)
      }),
    stop: () => feed.stop(),
    release() {
      for (const timer of timers) clearTimeout(timer)
    },
  }
}
