import { ServiceError } from '../../wire/service-error.ts'
import type { RepositoryName } from './repository-name.ts'

const within = ({ name, account }: RepositoryName): string =>
  `the repository with name '${name}' in the registry with id '${account}'`

export const repositoryNotFound = ({ name, account }: RepositoryName): ServiceError =>
  new ServiceError(
    'RepositoryNotFoundException',
    `The repository with name '${name}' does not exist in the registry with id '${account}'`,
  )

export const repositoryExists = ({ name, account }: RepositoryName): ServiceError =>
  new ServiceError(
    'RepositoryAlreadyExistsException',
    `The repository with name '${name}' already exists in the registry with id '${account}'`,
  )

export const repositoryNotEmpty = ({ name, account }: RepositoryName): ServiceError =>
  new ServiceError(
    'RepositoryNotEmptyException',
    `The repository with name '${name}' in registry with id '${account}' cannot be deleted because it still contains images`,
  )

export const policyNotFound = ({ name, account }: RepositoryName): ServiceError =>
  new ServiceError(
    'RepositoryPolicyNotFoundException',
    `Repository policy does not exist for the repository with name '${name}' in the registry with id '${account}'`,
  )

/** `parameter` begins with a small letter, as the member does. */
export const invalidParameter = (parameter: string, constraint: string): ServiceError =>
  new ServiceError(
    'InvalidParameterException',
    `Invalid parameter at '${parameter}' failed to satisfy constraint: '${constraint}'`,
  )

export const invalidTag = (message: string): ServiceError => new ServiceError('InvalidTagParameterException', message)

export const tooManyTags = (limit: number): ServiceError =>
  new ServiceError('TooManyTagsException', `A repository can have no more than ${limit} tags.`)

/** An image as ECR names it in its sentences. */
interface ImageName {
  readonly digest: string | undefined
  readonly tag: string | undefined
}

export const imageNotFound = (repository: RepositoryName, { digest, tag }: ImageName): ServiceError =>
  new ServiceError(
    'ImageNotFoundException',
    `The image with imageId {imageDigest:'${digest ?? 'null'}', imageTag:'${tag ?? 'null'}'} does not exist within ${within(repository)}`,
  )

export const imageExists = ({ name, account }: RepositoryName, digest: string, tag: string | undefined): ServiceError =>
  new ServiceError(
    'ImageAlreadyExistsException',
    `Image with digest '${digest}' and tag '${tag ?? 'null'}' already exists in the repository with name '${name}' in registry with id '${account}'`,
  )

export const tagImmutable = ({ name }: RepositoryName, tag: string): ServiceError =>
  new ServiceError(
    'ImageTagAlreadyExistsException',
    `The image tag '${tag}' already exists in the '${name}' repository and cannot be overwritten because the tag is immutable.`,
  )

export const imageDigestMismatch = (claimed: string, actual: string): ServiceError =>
  new ServiceError(
    'ImageDigestDoesNotMatchException',
    `The image digest '${claimed}' does not match the digest '${actual}' of the image manifest`,
  )

export const imageReferenced = (indexes: readonly string[]): ServiceError =>
  new ServiceError(
    'ImageReferencedByManifestList',
    `Requested image referenced by manifest list: [${indexes.join(', ')}]`,
  )

/** Why a manifest is refused, as a sentence. */
export const invalidManifest = (reason: string): ServiceError =>
  new ServiceError(
    'InvalidParameterException',
    `Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax or image manifest: ${reason}'`,
  )

export const layersNotFound = (repository: RepositoryName, digests: readonly string[]): ServiceError =>
  new ServiceError(
    'LayersNotFoundException',
    `Layers with digests '[${digests.slice(0, 20).join(', ')}]' required for pushing image into repository with name '${repository.name}' in the registry with id '${repository.account}' do not exist`,
  )

export const referencedImagesNotFound = (repository: RepositoryName, digests: readonly string[]): ServiceError =>
  new ServiceError(
    'ReferencedImagesNotFoundException',
    `Images with digests '[${digests.slice(0, 20).join(', ')}]' required for pushing image into repository with name '${repository.name}' in the registry with id '${repository.account}' do not exist`,
  )

export const layerNotFound = (repository: RepositoryName, digest: string): ServiceError =>
  new ServiceError(
    'LayersNotFoundException',
    `The layer with digest '${digest}' does not exist within ${within(repository)}`,
  )

export const uploadNotFound = (repository: RepositoryName, uploadId: string): ServiceError =>
  new ServiceError(
    'UploadNotFoundException',
    `The upload with upload id '${uploadId}' does not exist within ${within(repository)}`,
  )

export const emptyUpload = (uploadId: string): ServiceError =>
  new ServiceError('EmptyUploadException', `The upload with upload id '${uploadId}' does not contain any layer parts`)

export const partTooSmall = (minimum: number): ServiceError =>
  new ServiceError('LayerPartTooSmallException', `Layer parts but the last must be at least ${minimum} bytes in size`)

/** `received` is how many bytes the upload holds. */
export const invalidPart = (
  repository: RepositoryName,
  uploadId: string,
  received: number,
  message: string,
): ServiceError =>
  new ServiceError('InvalidLayerPartException', message, {
    members: {
      registryId: repository.account,
      repositoryName: repository.name,
      uploadId,
      lastValidByteReceived: received - 1,
    },
  })

export const invalidLayer = (claimed: string, actual: string): ServiceError =>
  new ServiceError(
    'InvalidLayerException',
    `The layer digest '${actual}' of the received bytes does not match the digest '${claimed}' specified`,
  )

export const layerTooLarge = (limit: number): ServiceError =>
  new ServiceError('LimitExceededException', `A layer can have no more than ${limit} bytes`)

export const tooManyParts = (limit: number): ServiceError =>
  new ServiceError('LimitExceededException', `A layer can be uploaded in no more than ${limit} parts`)

export const layerExists = ({ name, account }: RepositoryName, digest: string): ServiceError =>
  new ServiceError(
    'LayerAlreadyExistsException',
    `Layer with digest '${digest}' already exists in the repository with name '${name}' in registry with id '${account}'`,
  )
