import type { DeleteTagsInput, DeleteTagsOutput } from '../../../model/generated/sagemaker.ts'
import type { RequestContext } from '../../operation.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { dropTags } from './tag-store.ts'
import { lockTaggable, parseTaggable } from './taggable.ts'

/** Removes the tags with these keys; keys that are not there are no error. */
export async function deleteTags(
  { database }: SagemakerDeps,
  input: DeleteTagsInput,
  context: RequestContext,
): Promise<DeleteTagsOutput> {
  const target = parseTaggable(input.ResourceArn, context, 'DeleteTags')
  await database.commit([lockTaggable(database, target), dropTags(database, target, input.TagKeys)])
  return {}
}
