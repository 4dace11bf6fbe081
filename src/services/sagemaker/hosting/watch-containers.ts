import type { WorkQueue } from '../../../control/work-queue.ts'
import type { ContainerRuntime } from '../../../runtime/container-runtime.ts'
import { wait } from '../../../shared/wait.ts'
import type { Database } from '../../../storage/database.ts'
import type { Logger } from '../../../telemetry/log.ts'
import { LABELS } from './container-spec.ts'
import { ENDPOINT_WORK } from './endpoint-state.ts'

/** Has an endpoint looked after as soon as one of its containers ends, until the signal aborts. */
export async function watchContainers(
  deps: {
    readonly runtime: ContainerRuntime
    readonly database: Database
    readonly workQueue: WorkQueue
    readonly installation: string
    readonly log: Logger
  },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const event of deps.runtime.watch({ [LABELS.installation]: deps.installation }, signal)) {
        const endpoint = event.labels[LABELS.endpoint]
        if (endpoint !== undefined) await deps.database.commit([deps.workQueue.enqueue(ENDPOINT_WORK, endpoint)])
      }
    } catch (err) {
      if (signal.aborted) return
      deps.log.warn({ err }, 'the watch over containers broke off; it starts again')
    }
    await wait(1_000, signal).catch(() => {})
  }
}
