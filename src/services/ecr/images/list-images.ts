import type { ListImagesRequest, ListImagesResponse } from '../../../model/generated/ecr.ts'
import { readPage } from '../../../shared/pagination.ts'
import type { RequestContext } from '../../operation.ts'
import type { EcrDeps } from '../ecr-deps.ts'
import { nextToken, pageStart } from '../page-token.ts'
import { requireRepository } from '../repositories/repository-store.ts'
import { toIdentifier } from './image-store.ts'

const PAGE = 100

/** An entry for each tag, and one for each image without any. */
export async function listImages(
  deps: EcrDeps,
  input: ListImagesRequest,
  context: RequestContext,
): Promise<ListImagesResponse> {
  const repository = await requireRepository(deps, context, input)
  const { tagStatus = 'ANY', imageStatus = 'ACTIVE' } = input.filter ?? {}
  const scope = `ListImages/${repository.id}/${tagStatus}`
  const after = pageStart(scope, input.nextToken)
  // Nothing is ever archived here.
  if (imageStatus !== 'ACTIVE' && imageStatus !== 'ANY') return { imageIds: [] }
  let query = deps.database.query
    .selectFrom('ecr_images as image')
    .leftJoin('ecr_tags as given', (join) =>
      join.onRef('given.repository_id', '=', 'image.repository_id').onRef('given.digest', '=', 'image.digest'),
    )
    .select((eb) => ['image.digest as digest', eb.fn.coalesce('given.tag', eb.val('')).as('tag')])
    .where('image.repository_id', '=', repository.id)
  if (tagStatus === 'TAGGED') query = query.where('given.tag', 'is not', null)
  if (tagStatus === 'UNTAGGED') query = query.where('given.tag', 'is', null)
  const entries = deps.database.query.selectFrom(query.as('entry')).select(['entry.digest', 'entry.tag'])
  const page = await readPage(entries, ['digest', 'tag'], { size: input.maxResults ?? PAGE, descending: false, after })
  return {
    imageIds: page.rows.map((row) => toIdentifier(row.digest, row.tag)),
    ...nextToken(scope, page.next),
  }
}
