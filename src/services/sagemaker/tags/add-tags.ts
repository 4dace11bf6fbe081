import type { AddTagsInput, AddTagsOutput } from '../../../model/generated/sagemaker.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { checkTags, putTags, selectTags } from './tag-store.ts'
import { lockTaggable, parseTaggable } from './taggable.ts'

/** Sets tags by key and answers with all that the resource then has. */
export async function addTags(deps: SagemakerDeps, input: AddTagsInput): Promise<AddTagsOutput> {
  const { database } = deps
  const target = parseTaggable(input.ResourceArn)
  checkTags(input.Tags)
  const results = await database.commit([
    lockTaggable(database, target),
    ...putTags(deps, target, target.arn, input.Tags),
    { query: selectTags(database, target).orderBy('tag_key').compile() },
  ])
  const rows = results.at(-1)?.rows ?? []
  return { Tags: rows.map((row) => ({ Key: String(row.tag_key), Value: String(row.tag_value) })) }
}
