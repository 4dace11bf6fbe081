import { ServiceError, validationException } from '../../wire/service-error.ts'

const notFound = (message: string): ServiceError => new ServiceError('NotFoundException', message)
const invalidState = (message: string): ServiceError => new ServiceError('KMSInvalidStateException', message)

export const keyMissing = (arn: string): ServiceError => notFound(`Key '${arn}' does not exist`)
export const aliasMissing = (arn: string): ServiceError => notFound(`Alias ${arn} is not found.`)
export const badKeyId = (id: string): ServiceError => notFound(`Invalid keyId '${id}'`)
/** AWS leaves the quotes out when the id comes out of an ARN. */
export const badKeyIdInArn = (id: string): ServiceError => notFound(`Invalid keyId ${id}`)
/** `what`: the region that is not the one asked, or the whole text when it is no ARN of a key. */
export const badArn = (what: string): ServiceError => notFound(`Invalid arn ${what}`)
export const aliasesUnsupported = (): ServiceError =>
  new ServiceError('InvalidArnException', 'Key Aliases are not supported for this operation.')

export const disabled = (arn: string): ServiceError => new ServiceError('DisabledException', `${arn} is disabled.`)
export const pendingDeletion = (arn: string): ServiceError => invalidState(`${arn} is pending deletion.`)
export const notPendingDeletion = (arn: string): ServiceError => invalidState(`${arn} is not pending deletion.`)
export const changedMeanwhile = (arn: string): ServiceError =>
  new ServiceError('ConflictException', `${arn} was changed by another request at the same time. Try again.`)

/** AWS says nothing about why: what is wrong with a ciphertext must not help to forge one. */
export const invalidCiphertext = (): ServiceError => new ServiceError('InvalidCiphertextException', '')
export const incorrectKey = (): ServiceError =>
  new ServiceError(
    'IncorrectKeyException',
    'The key ID in the request does not identify a CMK that can perform this operation.',
  )
export const ciphertextOfUnknownKey = (): ServiceError =>
  new ServiceError(
    'AccessDeniedException',
    'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.',
  )
export const wrongAlgorithm = (algorithm: string): ServiceError =>
  new ServiceError(
    'InvalidKeyUsageException',
    `Algorithm ${algorithm} is incompatible with key spec SYMMETRIC_DEFAULT.`,
  )
export const plaintextSize = (constraint: string): ServiceError =>
  validationException(`1 validation error detected: Value at 'plaintext' failed to satisfy constraint: ${constraint}`)
export const missingCiphertext = (): ServiceError =>
  validationException(
    "1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: Member must not be null",
  )
export const contextTooLarge = (limit: number): ServiceError =>
  validationException(`EncryptionContext must not be larger than ${limit} bytes.`)
export const sizeOrSpec = (): ServiceError => validationException('Please specify either number of bytes or key spec.')

const accessDenied = (message: string): ServiceError => new ServiceError('AccessDeniedException', message)
/** A denial for a reason that no policy is. */
export const refused = (principal: string, action: string, resource: string, reason: string): ServiceError =>
  accessDenied(`User: ${principal} is not authorized to perform: ${action} on resource: ${resource} because ${reason}`)

export const aliasExists = (arn: string): ServiceError =>
  new ServiceError('AlreadyExistsException', `An alias with the name ${arn} already exists`)
export const aliasPrefix = (): ServiceError =>
  validationException(
    'Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html',
  )
export const aliasCharacters = (name: string): ServiceError =>
  validationException(`${name} contains invalid characters for an alias`)
export const aliasReserved = (): ServiceError =>
  new ServiceError('NotAuthorizedException', 'Aliases that begin with alias/aws/ are reserved for AWS managed keys.')
export const aliasOfAlias = (): ServiceError => validationException('Aliases must refer to keys. Not aliases')

export const limitExceeded = (message: string): ServiceError => new ServiceError('LimitExceededException', message)
export const malformedPolicy = (message: string): ServiceError =>
  new ServiceError('MalformedPolicyDocumentException', message)
export const tagRefused = (message: string): ServiceError => new ServiceError('TagException', message)
export const noSuchPolicy = (): ServiceError => notFound('No such policy exists')

export const badMarker = (): ServiceError => new ServiceError('InvalidMarkerException', 'Invalid marker')
export const badGrantToken = (): ServiceError =>
  new ServiceError('InvalidGrantTokenException', 'The specified grant token is not valid.')
export const badGrantId = (): ServiceError =>
  new ServiceError('InvalidGrantIdException', 'The specified GrantId is not valid.')
export const grantMissing = (grantId: string): ServiceError => notFound(`Grant ID ${grantId} not found`)
export const badPrincipal = (arn: string): ServiceError =>
  new ServiceError('InvalidArnException', `ARN does not refer to a valid principal: ${arn}`)

/** A request that was only to be tried out, and that nothing speaks against. */
export const dryRun = (): ServiceError =>
  new ServiceError('DryRunOperationException', 'The request would have succeeded, but the DryRun option is set.')
