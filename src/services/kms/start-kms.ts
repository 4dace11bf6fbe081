import { deleteDueKey, KEY_DELETION } from './keys/key-deletion.ts'
import type { KmsDeps } from './kms-deps.ts'
import { KEY_ROTATION, rotateDueKey } from './rotation/rotate-key.ts'

/** Registers what the work queue does for keys: deletions and rotations that have come due. */
export function startKms(deps: KmsDeps): void {
  deps.queue.handle(KEY_DELETION, ({ key }) => deleteDueKey(deps, key), { concurrency: 1 })
  deps.queue.handle(KEY_ROTATION, ({ key }) => rotateDueKey(deps, key), { concurrency: 1 })
}
