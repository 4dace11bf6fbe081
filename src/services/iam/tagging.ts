import type { Tag } from '../../model/generated/iam.ts'
import { retryOvertaken } from '../../shared/overtaken.ts'
import { one, statement } from '../../storage/statement.ts'
import { identityChanged } from './authorization/identity-policies.ts'
import { concurrentModification } from './errors.ts'
import type { IamDeps } from './iam-deps.ts'
import { type PagedInput, pageOf } from './paging.ts'
import { parseTags } from './tag-list.ts'

/** The tables whose rows carry tags, with the column that identifies a row for ever. */
const TAGGED = { iam_roles: 'role_id', iam_users: 'user_id', iam_policies: 'policy_id' } as const

export interface TaggedRow {
  readonly table: keyof typeof TAGGED
  readonly id: string
  readonly tags: string
}

/** Changes a resource's tags by compare-and-set; `read` throws when the resource is gone. */
export async function changeTags(
  deps: IamDeps,
  read: () => Promise<TaggedRow>,
  change: (json: string) => string,
  signal: AbortSignal,
): Promise<void> {
  const conflict = concurrentModification()
  const write = async () => {
    const row = await read()
    await deps.database.commit([
      statement(
        deps.database.query
          .updateTable(row.table)
          .set({ tags: change(row.tags) })
          .where(TAGGED[row.table] as 'tags', '=', row.id)
          .where('tags', '=', row.tags),
        one(() => conflict),
      ),
      // Policies may ask for a principal's tags.
      identityChanged(deps.changeFeed, row.id),
    ])
  }
  await retryOvertaken(write, (error) => error === conflict, signal)
}

export function listTags(row: TaggedRow, input: PagedInput) {
  const { items, ...paging } = pageOf(parseTags(row.tags), (tag) => tag.Key.toLowerCase(), ['tags', row.id], input)
  return { Tags: items as Tag[], ...paging }
}
