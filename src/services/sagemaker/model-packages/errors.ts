import { ServiceError, validationException } from '../../../wire/service-error.ts'
import { denialIdOf } from '../../authorizer.ts'
import { explained } from '../denial-hint.ts'

export const missingPackage = (arn: string): ServiceError => validationException(`ModelPackage ${arn} does not exist.`)

export const duplicatePackage = (arn: string): ServiceError =>
  validationException(`ModelPackage already exists: ${arn}`)

export const notAPackageArn = (text: string): ServiceError =>
  validationException(`"${text}" is not the ARN of a model package.`)

export const bothNames = (): ServiceError =>
  validationException(
    'Both ModelPackageName and ModelPackageGroupName are provided in the input. Cannot determine which one to use.',
  )

export const neitherName = (): ServiceError => validationException('Missing ARN.')

export const tagsOnVersion = (): ServiceError =>
  validationException(
    'Tags cannot be specified for a versioned ModelPackage. It uses the tags of its ModelPackageGroup.',
  )

export const environmentOnUnversioned = (): ServiceError =>
  validationException(
    '1 validation errors detected:Environment variable map cannot be specified when using non-versioned ModelPackages',
  )

export const notForUnversioned = (member: string): ServiceError =>
  validationException(`${member} cannot be specified when using non-versioned ModelPackages.`)

export const requiredForUnversioned = (member: string): ServiceError =>
  validationException(`${member} must be specified when using non-versioned ModelPackages.`)

export const sourceUriWithSpecification = (): ServiceError =>
  validationException('SourceUri and InferenceSpecification cannot be specified in the same request.')

export const noSpecificationToClone = (uri: string): ServiceError =>
  validationException(`The source "${uri}" has no inference specification.`)

export const duplicateSpecificationName = (name: string): ServiceError =>
  validationException(`AdditionalInferenceSpecifications contains the name "${name}" more than once.`)

export const tooManySpecifications = (limit: number): ServiceError =>
  validationException(`A ModelPackage cannot have more than ${limit} AdditionalInferenceSpecifications.`)

export const tooManyProperties = (limit: number): ServiceError =>
  validationException(`A ModelPackage cannot have more than ${limit} CustomerMetadataProperties.`)

export const bothModelData = (): ServiceError =>
  validationException('Specify only one of ModelDataUrl and ModelDataSource in a container definition.')

export const invalidImage = (image: string): ServiceError =>
  validationException(`"${image}" is not a valid image reference.`)

export const approvalOnUnversioned = (arn: string): ServiceError =>
  validationException(`ModelApprovalStatus cannot be set on ${arn}: only versioned ModelPackages are approved.`)

export const concurrentUpdate = (arn: string): ServiceError =>
  new ServiceError(
    'ConflictException',
    `ModelPackage ${arn} was changed by another request at the same time. Describe it and try again.`,
  )

export const tokenReused = (token: string): ServiceError =>
  new ServiceError(
    'ConflictException',
    `The ClientToken "${token}" has been used before with a request that was different from this one.`,
  )

export const unknownIncludedData = (value: string): ServiceError =>
  validationException(
    `1 validation error detected: Value '${value}' at 'includedData' failed to satisfy constraint: ` +
      'Member must satisfy enum value set: [AllData, MetadataOnly]',
  )

/** @param refusal what the account would have met when reading */
export const notReadableByOwner = (account: string, refusal: ServiceError): ServiceError =>
  new ServiceError(
    denialIdOf(refusal) === undefined ? 'ValidationException' : 'AccessDeniedException',
    `The account ${account}, which owns the model package group, cannot read what the model package names. ${explained(refusal)}`,
    { headers: refusal.headers, cause: refusal },
  )
