import type { ListTagsInput, ListTagsOutput } from '../../../model/generated/sagemaker.ts'
import { readPage } from '../../../shared/pagination.ts'
import type { RequestContext } from '../../operation.ts'
import { readListing } from '../listing.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { MAXIMUM_TAGS } from './errors.ts'
import { selectTags } from './tag-store.ts'
import { parseTaggable, selectTaggable } from './taggable.ts'

/** A resource's tags by key. A page holds at least as many as a resource may have. */
export async function listTags(
  { database }: SagemakerDeps,
  input: ListTagsInput,
  context: RequestContext,
): Promise<ListTagsOutput> {
  const target = parseTaggable(input.ResourceArn)
  const listing = readListing('ListTags', input, context, 'Ascending', MAXIMUM_TAGS)
  if ((await selectTaggable(database, target).executeTakeFirst()) === undefined) throw target.missing()
  const page = await readPage(selectTags(database, target), ['tag_key'], listing)
  return {
    Tags: page.rows.map((row) => ({ Key: row.tag_key, Value: row.tag_value })),
    NextToken: listing.nextToken(page),
  }
}
