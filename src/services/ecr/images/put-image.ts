import type { PutImageRequest, PutImageResponse } from '../../../model/generated/ecr.ts'
import type { RequestContext } from '../../operation.ts'
import type { EcrDeps } from '../ecr-deps.ts'
import { imageDigestMismatch, imageExists, invalidParameter } from '../errors.ts'
import { digestOf } from '../layers/digest-text.ts'
import { namesOf, requireRepository } from '../repositories/repository-store.ts'
import { isTag, toIdentifier } from './image-store.ts'
import { readManifest } from './manifest-document.ts'
import { putManifest } from './put-manifest.ts'

export async function putImage(
  deps: EcrDeps,
  input: PutImageRequest,
  context: RequestContext,
): Promise<PutImageResponse> {
  const repository = await requireRepository(deps, context, input)
  const { imageTag: tag, imageManifest, imageDigest } = input
  if (tag !== undefined && !isTag(tag))
    throw invalidParameter('imageTag', "must satisfy regular expression '[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}'")
  const bytes = Buffer.from(imageManifest, 'utf8')
  const digest = digestOf(bytes)
  if (imageDigest !== undefined && imageDigest !== digest) throw imageDigestMismatch(imageDigest, digest)
  const manifest = readManifest(bytes, input.imageManifestMediaType)
  const { isNew, tagMoved } = await putManifest(deps, repository, { digest, bytes, manifest, tag })
  if (!isNew && !tagMoved) throw imageExists(repository, digest, tag)
  const image = {
    ...namesOf(repository),
    imageId: toIdentifier(digest, tag),
    imageManifest,
    imageManifestMediaType: manifest.mediaType,
  }
  return { image }
}
