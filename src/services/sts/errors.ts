import { ServiceError } from '../../wire/service-error.ts'

const accessDenied = (message: string): ServiceError => new ServiceError('AccessDenied', message, { status: 403 })

export const notWithSession = (operation: string): ServiceError =>
  accessDenied(`Cannot call ${operation} with session credentials`)

/** Once a session has a source identity, the sessions taken from it have it too. */
export const sourceIdentityKept = (): ServiceError =>
  accessDenied('The source identity of a session cannot be changed by assuming another role.')

export const mfaFailed = (): ServiceError =>
  accessDenied('MultiFactorAuthentication failed with invalid MFA one time pass code. ')

export const validationError = (message: string): ServiceError => new ServiceError('ValidationError', message)

export const malformedPolicy = (message: string): ServiceError => new ServiceError('MalformedPolicyDocument', message)

export const packedPolicyTooLarge = (percent: number): ServiceError =>
  new ServiceError(
    'PackedPolicyTooLarge',
    `Packed policy consumes ${percent}% of allotted space, please use smaller policy.`,
  )

export const invalidAuthorizationMessage = (): ServiceError =>
  new ServiceError('InvalidAuthorizationMessageException', 'Message is not valid')
