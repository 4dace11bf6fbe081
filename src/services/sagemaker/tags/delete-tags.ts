import type { DeleteTagsInput, DeleteTagsOutput } from '../../../model/generated/sagemaker.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { dropTags } from './tag-store.ts'
import { lockTaggable, parseTaggable } from './taggable.ts'

/** Removes the tags with these keys; keys that are not there are no error. */
export async function deleteTags(deps: SagemakerDeps, input: DeleteTagsInput): Promise<DeleteTagsOutput> {
  const { database } = deps
  const target = parseTaggable(input.ResourceArn)
  await database.commit([lockTaggable(database, target), ...dropTags(deps, target, input.TagKeys)])
  return {}
}
