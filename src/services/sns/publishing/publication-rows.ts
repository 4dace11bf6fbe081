import { timeOrderedId } from '../../../shared/ids.ts'
import type { Statement } from '../../../storage/database.ts'
import { prepared } from '../../../storage/prepared-query.ts'
import { preparedForRows } from '../../../storage/prepared-rows.ts'
import type { SnsPublicationRow } from '../../../storage/schema/sns.ts'
import { one } from '../../../storage/statement.ts'
import { FAN_OUT } from '../fan-out/fan-out-work.ts'
import type { SnsDeps } from '../sns-deps.ts'
import type { Topic } from '../topics/topic-catalog.ts'
import type { PublicationContent } from './publication.ts'

/** What must be true of the unit of work that publishes: nobody would ever look at what belongs to no topic. */
export const requireTopic = ({ database }: Pick<SnsDeps, 'database'>, { id }: Topic, gone: () => Error): Statement =>
  standing.statement(database, { id }, one(gone))

const standing = prepared<{ id: string }>((query, value) =>
  query.selectFrom('sns_topics').select('id').where('id', '=', value('id')),
)

const inserts = preparedForRows<SnsPublicationRow>(
  ['id', 'topic_id', 'content', 'published_at', 'fanned_out'],
  (query, rows) => query.insertInto('sns_publications').values(rows),
)

/** The statements that publish messages, in their order, with the ids that they get; at least one. */
export function publicationStatements(
  { database, queue }: Pick<SnsDeps, 'database' | 'queue'>,
  topic: Topic,
  contents: readonly PublicationContent[],
  now: number,
): { readonly ids: readonly string[]; readonly statements: readonly Statement[] } {
  const rows = contents.map((content) => ({
    id: timeOrderedId(now),
    topic_id: topic.id,
    content: JSON.stringify(content),
    published_at: now,
    fanned_out: 0,
  }))
  return {
    ids: rows.map(({ id }) => id),
    statements: [...inserts(database, rows), queue.enqueue(FAN_OUT, topic.id)],
  }
}
