import type {
  ListTagsForResourceRequest,
  ListTagsForResourceResponse,
  TagResourceRequest,
  TagResourceResponse,
  UntagResourceRequest,
  UntagResourceResponse,
} from '../../../model/generated/application-autoscaling.ts'
import { retryOvertaken } from '../../../shared/overtaken.ts'
import type { ScalingTargetRow } from '../../../storage/schema/autoscaling.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import type { AutoscalingDeps } from '../autoscaling-deps.ts'
import { concurrentUpdate, noTaggedTarget } from '../errors.ts'
import { targetOfArn } from '../scalable-resource.ts'
import { findTargetById } from '../targets/target-store.ts'
import { addTags, readTags, type Tags } from './target-tags.ts'

type TagDeps = Pick<AutoscalingDeps, 'database'>

export async function tagResource(
  deps: TagDeps,
  { ResourceARN: arn, Tags: given }: TagResourceRequest,
  context: RequestContext,
): Promise<TagResourceResponse> {
  await changeTags(deps, arn, context, (known) => addTags(arn, known, given))
  return {}
}

export async function untagResource(
  deps: TagDeps,
  { ResourceARN: arn, TagKeys: keys }: UntagResourceRequest,
  context: RequestContext,
): Promise<UntagResourceResponse> {
  const gone = new Set(keys)
  await changeTags(deps, arn, context, (known) =>
    Object.fromEntries(Object.entries(known).filter(([key]) => !gone.has(key))),
  )
  return {}
}

export async function listTagsForResource(
  deps: TagDeps,
  { ResourceARN: arn }: ListTagsForResourceRequest,
  context: RequestContext,
): Promise<ListTagsForResourceResponse> {
  return { Tags: { ...readTags((await targetOf(deps, arn, context)).tags) } }
}

async function targetOf({ database }: TagDeps, arn: string, context: RequestContext): Promise<ScalingTargetRow> {
  const named = targetOfArn(arn)
  const owns = named?.account === context.account && named.region === context.region
  const row = owns ? await findTargetById(database, named.id) : undefined
  if (row?.account !== context.account || row.region !== context.region) throw noTaggedTarget(arn)
  return row
}

async function changeTags(
  deps: TagDeps,
  arn: string,
  context: RequestContext,
  change: (known: Tags) => Tags,
): Promise<void> {
  const conflict = concurrentUpdate()
  const write = async () => {
    const row = await targetOf(deps, arn, context)
    const update = deps.database.query
      .updateTable('scaling_targets')
      .set({ tags: JSON.stringify(change(readTags(row.tags))) })
      .where('id', '=', row.id)
      .where('tags', '=', row.tags)
    const changed = () => conflict
    await deps.database.commit([statement(update, one(changed))])
  }
  await retryOvertaken(write, (error) => error === conflict, context.signal)
}
