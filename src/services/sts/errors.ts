import type { Principal } from '../../access/principal.ts'
import { ServiceError } from '../../wire/service-error.ts'

const accessDenied = (message: string): ServiceError => new ServiceError('AccessDenied', message, { status: 403 })

/** Also for a role that does not exist, so that nobody learns which ones do. */
export const mayNotAssume = (principal: Principal, roleArn: string): ServiceError =>
  accessDenied(`User: ${principal.arn} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`)

export const noSessionFromSession = (): ServiceError =>
  accessDenied('Cannot call GetSessionToken with session credentials')

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
