import type { DescribeImagesRequest, DescribeImagesResponse, ImageDetail } from '../../../model/generated/ecr.ts'
import { type Page, readPage } from '../../../shared/pagination.ts'
import type { RepositoryRow } from '../../../storage/schema/ecr.ts'
import type { RequestContext } from '../../operation.ts'
import type { EcrDeps } from '../ecr-deps.ts'
import { imageNotFound, invalidParameter } from '../errors.ts'
import { nextToken, pageStart } from '../page-token.ts'
import { namesOf, requireRepository } from '../repositories/repository-store.ts'
import { identifierFailure } from './image-failure.ts'
import { findImage, type ImageFacts, imagesOf, tagsOf } from './image-store.ts'

const PAGE = 100

export async function describeImages(
  deps: EcrDeps,
  input: DescribeImagesRequest,
  context: RequestContext,
): Promise<DescribeImagesResponse> {
  const repository = await requireRepository(deps, context, input)
  const { tagStatus = 'ANY', imageStatus = 'ACTIVE' } = input.filter ?? {}
  const scope = `DescribeImages/${repository.id}/${tagStatus}`
  const page =
    input.imageIds === undefined
      ? await listed(deps, repository, input, scope)
      : { rows: await named(deps, repository, input), next: undefined }
  // Nothing is ever archived here.
  if (imageStatus !== 'ACTIVE' && imageStatus !== 'ANY') return { imageDetails: [] }
  const tags = await tagsOf(
    deps.database,
    repository.id,
    page.rows.map((row) => row.digest),
  )
  return {
    imageDetails: page.rows.map((row) => toDetail(repository, row, tags.get(row.digest))),
    ...nextToken(scope, page.next),
  }
}

async function named(deps: EcrDeps, repository: RepositoryRow, input: DescribeImagesRequest): Promise<ImageFacts[]> {
  if (input.maxResults !== undefined || input.nextToken !== undefined)
    throw invalidParameter('maxResults', 'Member must not be given together with imageIds')
  const rows = new Map<string, ImageFacts>()
  for (const { imageDigest: digest, imageTag: tag } of input.imageIds ?? []) {
    const failure = identifierFailure({ imageDigest: digest, imageTag: tag })
    if (failure !== undefined) throw invalidParameter('imageIds', failure.failureReason ?? '')
    const row = await findImage(deps.database, repository.id, { digest, tag })
    if (row === undefined) throw imageNotFound(repository, { digest, tag })
    rows.set(row.digest, row)
  }
  return [...rows.values()]
}

function listed(
  deps: EcrDeps,
  repository: RepositoryRow,
  input: DescribeImagesRequest,
  scope: string,
): Promise<Page<ImageFacts>> {
  const tagged = deps.database.query
    .selectFrom('ecr_tags')
    .select('ecr_tags.digest')
    .where('ecr_tags.repository_id', '=', repository.id)
  let query = imagesOf(deps.database, repository.id)
  if (input.filter?.tagStatus === 'TAGGED') query = query.where('digest', 'in', tagged)
  if (input.filter?.tagStatus === 'UNTAGGED') query = query.where('digest', 'not in', tagged)
  const after = pageStart(scope, input.nextToken)
  return readPage(query, ['digest'], { size: input.maxResults ?? PAGE, descending: false, after })
}

const toDetail = (repository: RepositoryRow, row: ImageFacts, tags: readonly string[] | undefined): ImageDetail => ({
  ...namesOf(repository),
  imageDigest: row.digest,
  ...(tags !== undefined && { imageTags: [...tags] }),
  imageSizeInBytes: row.content_bytes,
  imagePushedAt: row.pushed_at,
  imageManifestMediaType: row.media_type,
  ...(row.config_media_type !== null && { artifactMediaType: row.config_media_type }),
  ...(row.pulled_at !== null && { lastRecordedPullTime: row.pulled_at }),
  ...(row.subject_digest !== null && { subjectManifestDigest: row.subject_digest }),
  imageStatus: 'ACTIVE',
})
