import type { Statement } from '../../../storage/database.ts'
import { statement } from '../../../storage/statement.ts'
import type { SnsDeps } from '../sns-deps.ts'

type Deps = Pick<SnsDeps, 'database'>

/** Rows of one unit of work, so that nobody waits long behind it. */
const CHUNK = 500

/** Forgets all that was published to a topic that is gone. */
export async function removePublications({ database }: Deps, topicId: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted()
    const some = database.query.selectFrom('sns_publications').select('id').where('topic_id', '=', topicId).limit(CHUNK)
    if ((await some.limit(1).executeTakeFirst()) === undefined) return
    await database.commit([statement(database.query.deleteFrom('sns_publications').where('id', 'in', some))])
  }
}

/** Forgets all deliveries of a subscription that is gone, and what was published for nobody else. */
export async function removeDeliveries({ database }: Deps, subscriptionId: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted()
    const rows = await database.query
      .selectFrom('sns_deliveries')
      .select(['id', 'publication_id'])
      .where('subscription_id', '=', subscriptionId)
      .where('type', '!=', 'UnsubscribeConfirmation')
      .limit(CHUNK)
      .execute()
    if (rows.length === 0) return
    const ids = rows.map(({ id }) => id)
    await database.commit([
      statement(database.query.deleteFrom('sns_deliveries').where('id', 'in', ids)),
      ...rows.flatMap(({ publication_id }) => forgetDelivered({ database }, publication_id)),
    ])
  }
}

/** The statements that forget a publication when its last delivery is gone; behind the one that removes the delivery. */
export function forgetDelivered({ database }: Deps, publicationId: string | null): readonly Statement[] {
  if (publicationId === null) return []
  const { query } = database
  return [
    statement(
      query
        .deleteFrom('sns_publications')
        .where('id', '=', publicationId)
        .where('fanned_out', '=', 1)
        .where(({ not, exists, selectFrom }) =>
          not(exists(selectFrom('sns_deliveries').select('id').where('publication_id', '=', publicationId))),
        ),
    ),
  ]
}
