import type { ImageFailure, ImageFailureCode, ImageIdentifier } from '../../../model/generated/ecr.ts'
import { isTag } from './image-store.ts'

const failure = (imageId: ImageIdentifier, failureCode: ImageFailureCode, failureReason: string): ImageFailure => ({
  imageId,
  failureCode,
  failureReason,
})

/** ECR takes any algorithm's digest for a well-formed one. */
const DIGEST = /^[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+$/

/** Why no image can be called that; undefined when one can. */
export function identifierFailure(imageId: ImageIdentifier): ImageFailure | undefined {
  const { imageDigest, imageTag } = imageId
  if (imageDigest === undefined && imageTag === undefined)
    return failure(imageId, 'MissingDigestAndTag', 'Invalid request parameters: both tag and digest cannot be null')
  if (imageDigest !== undefined && !DIGEST.test(imageDigest))
    return failure(
      imageId,
      'InvalidImageDigest',
      "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
    )
  if (imageTag !== undefined && !isTag(imageTag))
    return failure(
      imageId,
      'InvalidImageTag',
      "Invalid request parameters: image tag should satisfy the regex '[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}'",
    )
  return undefined
}

export const notFoundFailure = (imageId: ImageIdentifier): ImageFailure =>
  failure(imageId, 'ImageNotFound', 'Requested image not found')

export const mismatchFailure = (imageId: ImageIdentifier): ImageFailure =>
  failure(imageId, 'ImageTagDoesNotMatchDigest', 'Requested tag does not match the requested digest')

export const referencedFailure = (imageId: ImageIdentifier, reason: string): ImageFailure =>
  failure(imageId, 'ImageReferencedByManifestList', reason)
