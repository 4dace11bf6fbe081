import type {
  BatchGetImageRequest,
  BatchGetImageResponse,
  Image,
  ImageFailure,
  ImageIdentifier,
} from '../../../model/generated/ecr.ts'
import type { RepositoryRow } from '../../../storage/schema/ecr.ts'
import type { RequestContext } from '../../operation.ts'
import type { EcrDeps } from '../ecr-deps.ts'
import { namesOf, requireRepository } from '../repositories/repository-store.ts'
import { acceptedImage } from './accepted-image.ts'
import { identifierFailure, mismatchFailure, notFoundFailure } from './image-failure.ts'
import { findImage, findWholeImage, toIdentifier } from './image-store.ts'
import { recordPull } from './recorded-pull.ts'

/** Manifests. Of an index that is not accepted, its image for linux/amd64 is given, as far as there is one. */
export async function batchGetImage(
  deps: EcrDeps,
  input: BatchGetImageRequest,
  context: RequestContext,
): Promise<BatchGetImageResponse> {
  const repository = await requireRepository(deps, context, input)
  const images: Image[] = []
  const failures: ImageFailure[] = []
  for (const imageId of input.imageIds) {
    const found = identifierFailure(imageId) ?? (await get(deps, repository, imageId, input.acceptedMediaTypes))
    if ('failureCode' in found) failures.push(found)
    else images.push(found as Image)
  }
  return { images, failures }
}

async function get(
  deps: EcrDeps,
  repository: RepositoryRow,
  imageId: ImageIdentifier,
  accepted: readonly string[] | undefined,
): Promise<Image | ImageFailure> {
  const { imageDigest: digest, imageTag: tag } = imageId
  const image = await findWholeImage(deps.database, repository.id, { digest, tag })
  if (image === undefined) {
    const tagged =
      digest === undefined ? undefined : await findImage(deps.database, repository.id, { digest: undefined, tag })
    return tagged === undefined || tag === undefined ? notFoundFailure(imageId) : mismatchFailure(imageId)
  }
  const accepts = (type: string) => accepted === undefined || accepted.length === 0 || accepted.includes(type)
  const given = await acceptedImage(deps.database, image, accepts)
  if (given === undefined) return notFoundFailure(imageId)
  await recordPull(deps, given)
  return {
    ...namesOf(repository),
    imageId: toIdentifier(given.digest, tag),
    imageManifest: given.manifest,
    imageManifestMediaType: given.media_type,
  }
}
