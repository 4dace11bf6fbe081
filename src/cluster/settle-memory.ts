import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Long enough after the start that requests which waited for the server have been answered. */
const SETTLE_MILLISECONDS = 3_000

/**
 * Collects once what loading the program has left in memory: an idle worker allocates too little for the collector to come
 * by itself, and would keep some 30 MB for ever. Costs one pause of about 50 ms.
 */
export function settleMemory(): void {
  const timer = setTimeout(() => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as NodeJS.GCFunction
    // Only the last resort gives the emptied pages back.
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
    setFlagsFromString('--no-expose-gc')
  }, SETTLE_MILLISECONDS)
  timer.unref()
}
