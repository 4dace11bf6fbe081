import type {
  ListTagsRequest,
  ListTagsResponse,
  TagResourceRequest,
  UntagResourceRequest,
} from '../../../model/generated/lambda.ts'
import { notImplemented } from '../../../wire/service-error.ts'
import type { RequestContext } from '../../operation.ts'
import type { LambdaDeps } from '../deps.ts'
import { requestedFunction } from '../functions/function-name.ts'
import type { FunctionRecord } from '../functions/function-record.ts'
import { requireFunction } from '../functions/function-store.ts'
import { readTags, removeTags, writeTags } from './function-tags.ts'

export async function tagResource(
  deps: LambdaDeps,
  input: TagResourceRequest,
  context: RequestContext,
): Promise<undefined> {
  await writeTags(deps, await taggedFunction(deps, input.Resource, context), input.Tags)
  return undefined
}

export async function untagResource(
  deps: LambdaDeps,
  input: UntagResourceRequest,
  context: RequestContext,
): Promise<undefined> {
  await removeTags(deps, await taggedFunction(deps, input.Resource, context), input.TagKeys)
  return undefined
}

export async function listTags(
  deps: LambdaDeps,
  input: ListTagsRequest,
  context: RequestContext,
): Promise<ListTagsResponse> {
  const { id } = await taggedFunction(deps, input.Resource, context)
  return { Tags: await readTags(deps.database, id) }
}

/** Of the resources that Lambda tags, functions are the ones that exist here. */
async function taggedFunction(deps: LambdaDeps, arn: string, context: RequestContext): Promise<FunctionRecord> {
  if (!arn.includes(':function:')) throw notImplemented('Tagging of Lambda resources other than functions')
  return requireFunction(deps, requestedFunction(arn, undefined, context))
}
