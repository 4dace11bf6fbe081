import type { ChangeFeed } from '../../../storage/change-feed.ts'
import type { Database, Statement } from '../../../storage/database.ts'
import { one, statement } from '../../../storage/statement.ts'
import { sagemakerArn } from '../resource-name.ts'
import type { GroupKey } from './group-store.ts'

/** The topic under which the ARN of a group is announced whose policy has changed. */
export const GROUP_POLICIES_TOPIC = 'model-package-group-policies'

interface PolicyWriter {
  readonly database: Database
  readonly changeFeed: ChangeFeed
}

/** The document as it was put; undefined when the group has none. */
export async function findGroupPolicy(
  database: Database,
  { account, region, key }: GroupKey,
): Promise<string | undefined> {
  const row = await database.query
    .selectFrom('model_package_group_policies')
    .select('policy')
    .where('account', '=', account)
    .where('region', '=', region)
    .where('group_key', '=', key)
    .executeTakeFirst()
  return row?.policy
}

/** The statements that give the group this policy, in place of the one it had. The unit holds the group's lock. */
export const putGroupPolicy = (
  { database, changeFeed }: PolicyWriter,
  group: GroupKey,
  policy: string,
): readonly Statement[] => [
  statement(
    database.query
      .insertInto('model_package_group_policies')
      .values({ account: group.account, region: group.region, group_key: group.key, policy })
      .onConflict((conflict) => conflict.columns(['account', 'region', 'group_key']).doUpdateSet({ policy })),
  ),
  policyChanged(changeFeed, group),
]

/** The statements that take the group's policy away; `missing` when there must be one. */
export const dropGroupPolicy = (
  { database, changeFeed }: PolicyWriter,
  group: GroupKey,
  missing?: () => Error,
): readonly Statement[] => [
  statement(
    database.query
      .deleteFrom('model_package_group_policies')
      .where('account', '=', group.account)
      .where('region', '=', group.region)
      .where('group_key', '=', group.key),
    missing === undefined ? undefined : one(missing),
  ),
  policyChanged(changeFeed, group),
]

const policyChanged = (changeFeed: ChangeFeed, group: GroupKey): Statement =>
  changeFeed.announce({ topic: GROUP_POLICIES_TOPIC, key: sagemakerArn(group, 'model-package-group', group.key) })
