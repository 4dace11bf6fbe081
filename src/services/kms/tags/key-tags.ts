import type {
  ListResourceTagsRequest,
  ListResourceTagsResponse,
  Tag,
  TagResourceRequest,
  UntagResourceRequest,
} from '../../../model/generated/kms.ts'
import { retryOvertaken } from '../../../shared/overtaken.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { changedMeanwhile } from '../errors.ts'
import { keyArn } from '../keys/key-reference.ts'
import { requireNotPendingDeletion } from '../keys/key-state.ts'
import { type KeyUse, openKey } from '../keys/open-key.ts'
import type { KmsDeps } from '../kms-deps.ts'
import { pageOutput, pageRequest } from '../paging.ts'
import { parseTags, requestTags, withoutTags, withTags } from './tag-list.ts'

export async function tagResource(
  deps: KmsDeps,
  input: TagResourceRequest,
  context: RequestContext,
): Promise<undefined> {
  const use = { action: 'kms:TagResource', conditions: requestTags(input.Tags) }
  await changeTags(deps, input.KeyId, use, context, (json) => withTags(json, input.Tags))
  return undefined
}

export async function untagResource(
  deps: KmsDeps,
  input: UntagResourceRequest,
  context: RequestContext,
): Promise<undefined> {
  const use = { action: 'kms:UntagResource', conditions: { 'aws:tagkeys': input.TagKeys } }
  await changeTags(deps, input.KeyId, use, context, (json) => withoutTags(json, input.TagKeys))
  return undefined
}

export async function listResourceTags(
  deps: KmsDeps,
  input: ListResourceTagsRequest,
  context: RequestContext,
): Promise<ListResourceTagsResponse> {
  const key = await openKey(deps, context, input.KeyId, { action: 'kms:ListResourceTags' })
  const scope = ['tags', key.key_id]
  const { size, after } = pageRequest(scope, input, { usual: 50, most: 50 })
  const left = parseTags(key.tags).filter((tag) => after === undefined || tag.TagKey > String(after[0]))
  const shown = left.slice(0, size)
  const next = left.length > size ? [(shown.at(-1) as Tag).TagKey] : undefined
  return { Tags: shown, ...pageOutput(scope, { next }) }
}

/** By compare-and-set, so that of tags set at the same moment none is lost. */
async function changeTags(
  deps: KmsDeps,
  keyId: string,
  use: KeyUse,
  context: RequestContext,
  change: (json: string) => string,
): Promise<void> {
  let conflict: Error | undefined
  const write = async () => {
    const key = await openKey(deps, context, keyId, use)
    requireNotPendingDeletion(key)
    const changed = changedMeanwhile(keyArn(key))
    conflict = changed
    const update = deps.database.query
      .updateTable('kms_keys')
      .set({ tags: change(key.tags) })
      .where('key_id', '=', key.key_id)
      .where('tags', '=', key.tags)
      .where('state', '<>', 'PendingDeletion')
    await deps.database.commit([
      statement(
        update,
        one(() => changed),
      ),
    ])
  }
  await retryOvertaken(write, (error) => error === conflict, context.signal)
}
