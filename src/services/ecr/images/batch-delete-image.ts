import type {
  BatchDeleteImageRequest,
  BatchDeleteImageResponse,
  ImageFailure,
  ImageIdentifier,
} from '../../../model/generated/ecr.ts'
import type { RepositoryRow } from '../../../storage/schema/ecr.ts'
import { ServiceError } from '../../../wire/service-error.ts'
import type { RequestContext } from '../../operation.ts'
import type { EcrDeps } from '../ecr-deps.ts'
import { requireRepository } from '../repositories/repository-store.ts'
import { deleteImage, deleteTag } from './delete-image.ts'
import { identifierFailure, mismatchFailure, notFoundFailure, referencedFailure } from './image-failure.ts'
import { findImage, tagsOf, toIdentifier } from './image-store.ts'

/** By digest, an image and its tags; by tag, the tag, and with its last tag the image. */
export async function batchDeleteImage(
  deps: EcrDeps,
  input: BatchDeleteImageRequest,
  context: RequestContext,
): Promise<BatchDeleteImageResponse> {
  const repository = await requireRepository(deps, context, input)
  const imageIds: ImageIdentifier[] = []
  const failures: ImageFailure[] = []
  for (const imageId of inOrder(input.imageIds)) {
    const failure = identifierFailure(imageId)
    const removed = failure === undefined ? await remove(deps, repository, imageId) : failure
    if ('failureCode' in removed) failures.push(removed)
    else imageIds.push(...(removed as readonly ImageIdentifier[]))
  }
  return { imageIds, failures }
}

/** Each once. */
const inOrder = (imageIds: readonly ImageIdentifier[]): Iterable<ImageIdentifier> =>
  new Map(imageIds.map((imageId) => [`${imageId.imageDigest}\n${imageId.imageTag}`, imageId])).values()

async function remove(
  deps: EcrDeps,
  repository: RepositoryRow,
  imageId: ImageIdentifier,
): Promise<readonly ImageIdentifier[] | ImageFailure> {
  const { imageDigest, imageTag: tag } = imageId
  const image = await findImage(deps.database, repository.id, { digest: imageDigest, tag })
  if (image === undefined) {
    const tagged =
      tag === undefined ? undefined : await findImage(deps.database, repository.id, { digest: undefined, tag })
    return tagged === undefined ? notFoundFailure(imageId) : mismatchFailure(imageId)
  }
  const { digest } = image
  const tags = (await tagsOf(deps.database, repository.id, [digest])).get(digest) ?? []
  if (tag !== undefined && tags.length > 1) {
    return (await deleteTag(deps, repository, tag)) ? [toIdentifier(digest, tag)] : notFoundFailure(imageId)
  }
  try {
    await deleteImage(deps, repository, digest)
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    return error.code === 'ImageReferencedByManifestList'
      ? referencedFailure(imageId, error.message)
      : notFoundFailure(imageId)
  }
  return tags.length === 0 ? [toIdentifier(digest, undefined)] : tags.map((each) => toIdentifier(digest, each))
}
