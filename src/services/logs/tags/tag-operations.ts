import type {
  ListTagsForResourceRequest,
  ListTagsForResourceResponse,
  ListTagsLogGroupRequest,
  ListTagsLogGroupResponse,
  TagLogGroupRequest,
  TagResourceRequest,
  UntagLogGroupRequest,
  UntagResourceRequest,
} from '../../../model/generated/logs.ts'
import type { RequestContext } from '../../operation.ts'
import type { LogsDeps } from '../deps.ts'
import { invalidParameter } from '../errors.ts'
import { logGroupOfIdentifier } from '../log-groups/log-group-identifier.ts'
import { requireLogGroup } from '../log-groups/log-group-store.ts'
import { readTags, removeTags, writeTags } from './log-group-tags.ts'

/** TagLogGroup, by name; the older form of TagResource. */
export async function tagLogGroup(
  { database }: LogsDeps,
  input: TagLogGroupRequest,
  context: RequestContext,
): Promise<undefined> {
  const group = await requireLogGroup(database, context, input.logGroupName)
  await writeTags(database, group, input.tags)
  return undefined
}

export async function untagLogGroup(
  { database }: LogsDeps,
  input: UntagLogGroupRequest,
  context: RequestContext,
): Promise<undefined> {
  const group = await requireLogGroup(database, context, input.logGroupName)
  await removeTags(database, group.id, input.tags)
  return undefined
}

export async function listTagsLogGroup(
  { database }: LogsDeps,
  input: ListTagsLogGroupRequest,
  context: RequestContext,
): Promise<ListTagsLogGroupResponse> {
  const group = await requireLogGroup(database, context, input.logGroupName)
  return { tags: await readTags(database, group.id) }
}

export async function tagResource(
  { database }: LogsDeps,
  input: TagResourceRequest,
  context: RequestContext,
): Promise<undefined> {
  const group = await requireLogGroup(database, context, groupOfArn(input.resourceArn, context))
  await writeTags(database, group, input.tags)
  return undefined
}

export async function untagResource(
  { database }: LogsDeps,
  input: UntagResourceRequest,
  context: RequestContext,
): Promise<undefined> {
  const group = await requireLogGroup(database, context, groupOfArn(input.resourceArn, context))
  await removeTags(database, group.id, input.tagKeys)
  return undefined
}

export async function listTagsForResource(
  { database }: LogsDeps,
  input: ListTagsForResourceRequest,
  context: RequestContext,
): Promise<ListTagsForResourceResponse> {
  const group = await requireLogGroup(database, context, groupOfArn(input.resourceArn, context))
  return { tags: await readTags(database, group.id) }
}

function groupOfArn(arn: string, context: RequestContext): string {
  if (!arn.startsWith('arn:')) throw invalidParameter(`Invalid ARN: ${arn}`)
  return logGroupOfIdentifier(arn, context)
}
