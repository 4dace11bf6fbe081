import type { WorkQueue } from '../../../control/work-queue.ts'
import type { AsyncDeps } from './async-deps.ts'
import { createInstancePump } from './instance-pump.ts'
import type { InstanceRings } from './instance-rings.ts'
import { JointEnds } from './joint-ends.ts'
import { createQueueKeeper } from './queue-keeper.ts'
import { ASYNC_INSTANCE_WORK, ASYNC_QUEUE_WORK } from './work-kinds.ts'

/** What one worker deals with at a time. An instance is held for as long as it lives. */
const CONCURRENCY = { instances: 2_000, queues: 16 }

/** Registers the work of asynchronous inference. Returns what ends it. */
export function startAsyncInference({
  workQueue,
  bells,
  ...parts
}: Omit<AsyncDeps, 'ends'> & { readonly workQueue: WorkQueue; readonly bells: InstanceRings }): () => void {
  const deps: AsyncDeps = { ...parts, ends: new JointEnds(parts) }
  workQueue.handle(ASYNC_INSTANCE_WORK, createInstancePump(deps, bells), {
    concurrency: CONCURRENCY.instances,
    // One worker's event loop is what bounds how many requests a second it can work on.
    spread: true,
  })
  workQueue.handle(ASYNC_QUEUE_WORK, createQueueKeeper(deps), { concurrency: CONCURRENCY.queues })
  // What other workers have accepted, or given back.
  return deps.watch.onCommit(() => bells.ringAll())
}
