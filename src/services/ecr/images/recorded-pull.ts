import { statement } from '../../../storage/statement.ts'
import type { EcrDeps } from '../ecr-deps.ts'
import type { ImageFacts } from './image-store.ts'

/** ECR too tells the time of a pull only to the day. */
const DAY = 24 * 60 * 60 * 1000

/** Notes that an image was pulled, once a day. */
export async function recordPull(deps: EcrDeps, image: ImageFacts): Promise<void> {
  const now = deps.clock.now()
  if (image.pulled_at !== null && image.pulled_at > now - DAY) return
  await deps.database.commit([
    statement(
      deps.database.query
        .updateTable('ecr_images')
        .set({ pulled_at: now })
        .where('repository_id', '=', image.repository_id)
        .where('digest', '=', image.digest),
    ),
  ])
}
