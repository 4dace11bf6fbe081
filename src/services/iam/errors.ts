import { ServiceError } from '../../wire/service-error.ts'

const noSuchEntity = (message: string): ServiceError => new ServiceError('NoSuchEntity', message, { status: 404 })
const alreadyExists = (message: string): ServiceError =>
  new ServiceError('EntityAlreadyExists', message, { status: 409 })
const limitExceeded = (message: string): ServiceError => new ServiceError('LimitExceeded', message, { status: 409 })

export const deleteConflict = (message: string): ServiceError =>
  new ServiceError('DeleteConflict', message, { status: 409 })

/** Of a user who is in groups, and of a group that users are in. */
export const membersLeft = (): ServiceError =>
  deleteConflict('Cannot delete entity, must remove users from group first.')

export const noSuchRole = (name: string): ServiceError => noSuchEntity(`The role with name ${name} cannot be found.`)
export const noSuchUser = (name: string): ServiceError => noSuchEntity(`The user with name ${name} cannot be found.`)
export const noSuchGroup = (name: string): ServiceError => noSuchEntity(`The group with name ${name} cannot be found.`)
export const notInGroup = (user: string, group: string): ServiceError =>
  noSuchEntity(`User ${user} is not in group ${group}.`)
export const noSuchInlinePolicy = (kind: string, name: string): ServiceError =>
  noSuchEntity(`The ${kind} policy with name ${name} cannot be found.`)
export const noSuchPolicy = (arn: string): ServiceError => noSuchEntity(`Policy ${arn} was not found.`)
export const notAttachable = (arn: string): ServiceError =>
  noSuchEntity(`Policy ${arn} does not exist or is not attachable.`)
export const notABoundary = (arn: string): ServiceError =>
  noSuchEntity(`Scope ARN: ${arn} does not exist or is not attachable.`)
export const noSuchVersion = (arn: string, version: string): ServiceError =>
  noSuchEntity(`Policy ${arn} version ${version} does not exist or is not attachable.`)
export const noSuchAccessKey = (id: string): ServiceError =>
  noSuchEntity(`The Access Key with id ${id} cannot be found.`)

export const roleExists = (name: string): ServiceError => alreadyExists(`Role with name ${name} already exists.`)
export const userExists = (name: string): ServiceError => alreadyExists(`User with name ${name} already exists.`)
export const groupExists = (name: string): ServiceError => alreadyExists(`Group with name ${name} already exists.`)
export const policyExists = (name: string): ServiceError =>
  alreadyExists(`A policy called ${name} already exists. Duplicate names are not allowed.`)

export const quotaExceeded = (quota: string, limit: number): ServiceError =>
  limitExceeded(`Cannot exceed quota for ${quota}: ${limit}`)
export const inlinePoliciesTooLarge = (kind: string, name: string, limit: number): ServiceError =>
  limitExceeded(`Maximum policy size of ${limit} bytes exceeded for ${kind} ${name}`)
export const tooManyVersions = (): ServiceError =>
  limitExceeded(
    'A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.',
  )

/** IAM's answer to credentials of GetSessionToken without MFA, which are good for every service but IAM. */
export const notWithoutMfa = (): ServiceError =>
  new ServiceError('InvalidClientTokenId', 'The security token included in the request is invalid', { status: 403 })

export const malformedPolicy = (message: string): ServiceError => new ServiceError('MalformedPolicyDocument', message)
export const invalidInput = (message: string): ServiceError => new ServiceError('InvalidInput', message)
export const validationError = (message: string): ServiceError => new ServiceError('ValidationError', message)
export const concurrentModification = (): ServiceError =>
  new ServiceError(
    'ConcurrentModification',
    'The request was rejected because multiple requests to change this object were submitted simultaneously. Wait a few minutes and submit your request again.',
    { status: 409 },
  )
