import { performance } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Long enough after the start that requests which waited for the server have been answered. */
const SETTLE_MILLISECONDS = 3_000
/** A worker that was busy for a smaller part of that time has hardly anybody who would wait. */
const IDLE = 0.05

/**
 * Collects once what loading the program has left in memory: an idle worker allocates too little for the collector to come
 * by itself, and would keep some 35 MB for ever. It costs a pause of a quarter of a second and more, so a worker that has
 * something to do is left alone until it has not: it allocates enough for the collector, too.
 */
export function settleMemory(): void {
  const before = performance.eventLoopUtilization()
  const timer = setTimeout(() => {
    if (performance.eventLoopUtilization(before).utilization > IDLE) return settleMemory()
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as NodeJS.GCFunction
    // Only the last resort gives the emptied pages back.
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
    setFlagsFromString('--no-expose-gc')
  }, SETTLE_MILLISECONDS)
  timer.unref()
}
