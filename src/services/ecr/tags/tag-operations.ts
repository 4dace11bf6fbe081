import type {
  ListTagsForResourceRequest,
  ListTagsForResourceResponse,
  TagResourceRequest,
  TagResourceResponse,
  UntagResourceRequest,
  UntagResourceResponse,
} from '../../../model/generated/ecr.ts'
import type { RepositoryRow } from '../../../storage/schema/ecr.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import type { EcrDeps } from '../ecr-deps.ts'
import { invalidParameter } from '../errors.ts'
import { requireRepository } from '../repositories/repository-store.ts'
import { repositoryOfArn } from '../repository-name.ts'
import { repositoryChanged } from '../resource-directory.ts'
import { toTags, withoutTags, withTags } from './tag-list.ts'

export async function tagResource(
  deps: EcrDeps,
  input: TagResourceRequest,
  context: RequestContext,
): Promise<TagResourceResponse> {
  await changeTags(deps, context, input.resourceArn, (json) => withTags(json, input.tags))
  return {}
}

export async function untagResource(
  deps: EcrDeps,
  input: UntagResourceRequest,
  context: RequestContext,
): Promise<UntagResourceResponse> {
  await changeTags(deps, context, input.resourceArn, (json) => withoutTags(json, input.tagKeys))
  return {}
}

export async function listTagsForResource(
  deps: EcrDeps,
  input: ListTagsForResourceRequest,
  context: RequestContext,
): Promise<ListTagsForResourceResponse> {
  const repository = await ofArn(deps, context, input.resourceArn)
  return { tags: toTags(repository.resource_tags) }
}

/** Somebody else has changed the tags since they were read. */
class TagsChanged extends Error {
  override name = 'TagsChanged'
}

async function changeTags(
  deps: EcrDeps,
  context: RequestContext,
  arn: string,
  change: (json: string) => string,
): Promise<void> {
  for (;;) {
    const repository = await ofArn(deps, context, arn)
    const { id, resource_tags: before } = repository
    const update = deps.database.query
      .updateTable('ecr_repositories')
      .set({ resource_tags: change(before) })
      .where('id', '=', id)
      .where('resource_tags', '=', before)
    try {
      await deps.database.commit([
        statement(
          update,
          one(() => new TagsChanged()),
        ),
        repositoryChanged(deps.changeFeed, repository),
      ])
      return
    } catch (error) {
      if (!(error instanceof TagsChanged)) throw error
    }
  }
}

function ofArn(deps: EcrDeps, context: RequestContext, arn: string): Promise<RepositoryRow> {
  const named = repositoryOfArn(arn)
  if (named === undefined || named.region !== context.region)
    throw invalidParameter('resourceArn', 'Invalid ARN of a repository in this region')
  return requireRepository(deps, context, { registryId: named.account, repositoryName: named.name })
}
