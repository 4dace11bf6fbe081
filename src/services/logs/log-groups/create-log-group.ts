import type { CreateLogGroupRequest } from '../../../model/generated/logs.ts'
import { one, statement } from '../../../storage/statement.ts'
import { notImplemented } from '../../../wire/service-error.ts'
import type { RequestContext } from '../../operation.ts'
import type { LogsDeps } from '../deps.ts'
import { invalidParameter, logGroupExists } from '../errors.ts'
import { checkTags } from '../tags/log-group-tags.ts'
import { newLogGroup } from './log-group-store.ts'

/** Creates an empty log group with its tags. */
export async function createLogGroup(
  { database: db }: LogsDeps,
  input: CreateLogGroupRequest,
  context: RequestContext,
): Promise<undefined> {
  if (input.kmsKeyId !== undefined) throw notImplemented('CreateLogGroup with kmsKeyId')
  if (input.deletionProtectionEnabled) throw notImplemented('CreateLogGroup with deletionProtectionEnabled')
  if (input.logGroupClass === 'DELIVERY') throw notImplemented('The log group class DELIVERY')
  if (/^aws\//i.test(input.logGroupName)) throw invalidParameter('Log groups starting with AWS/ are reserved for AWS.')
  checkTags(input.tags ?? {})
  const group = newLogGroup(context, input.logGroupName, context.now, input.logGroupClass)
  const tags = Object.entries(input.tags ?? {}).map(([key, value]) => ({ group_id: group.id, key, value }))
  const insertGroup = db.query
    .insertInto('logs_groups')
    .values(group)
    .onConflict((conflict) => conflict.columns(['account', 'region', 'name']).doNothing())
  await db.commit([
    statement(insertGroup, one(logGroupExists)),
    ...(tags.length === 0 ? [] : [statement(db.query.insertInto('logs_tags').values(tags))]),
  ])
  return undefined
}
