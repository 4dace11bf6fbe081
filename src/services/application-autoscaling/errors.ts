import { ServiceError, validationException } from '../../wire/service-error.ts'

export { validationException as invalid }

const where = (resource: string): string =>
  `service namespace: sagemaker, resource ID: ${resource}, scalable dimension: sagemaker:variant:DesiredInstanceCount`

export const noTarget = (resource: string): ServiceError =>
  new ServiceError('ObjectNotFoundException', `No scalable target registered for ${where(resource)}`)

export const noPolicy = (resource: string, name: string): ServiceError =>
  new ServiceError('ObjectNotFoundException', `No scaling policy found for ${where(resource)}, policy name: ${name}`)

export const noScheduledAction = (resource: string, name: string): ServiceError =>
  new ServiceError(
    'ObjectNotFoundException',
    `No scheduled action found for ${where(resource)}, scheduled action name: ${name}`,
  )

/** What the operations on tags say of a target that is not there. */
export const noTaggedTarget = (arn: string): ServiceError =>
  new ServiceError('ResourceNotFoundException', `The resource ${arn} was not found`, { members: { ResourceName: arn } })

export const taggedAlready = (): ServiceError =>
  validationException(
    'The scalable target that you tried to tag already exists. To update tags on an existing scalable target, use the TagResource API.',
  )

export const tooManyTags = (arn: string, limit: number): ServiceError =>
  new ServiceError('TooManyTagsException', `A scalable target has at most ${limit} tags`, {
    members: { ResourceName: arn },
  })

export const noVariant = (resource: string): ServiceError =>
  validationException(`There is no endpoint variant with the resource ID ${resource}`)

export const variantLeaves = (resource: string): ServiceError =>
  validationException(
    `The endpoint is being updated to a configuration without ${resource}, or with another instance type for it`,
  )

export const concurrentUpdate = (): ServiceError =>
  new ServiceError('ConcurrentUpdateException', 'The scalable target has been changed at the same time. Try again.')

export const invalidNextToken = (): ServiceError =>
  new ServiceError('InvalidNextTokenException', 'The next token supplied was invalid')

export const limitExceeded = (what: string, limit: number): ServiceError =>
  new ServiceError('LimitExceededException', `The limit of ${limit} ${what} has been reached.`)
