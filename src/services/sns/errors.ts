import { ServiceError } from '../../wire/service-error.ts'

export const invalidParameter = (what: string): ServiceError =>
  new ServiceError('InvalidParameter', `Invalid parameter: ${what}`)

export const topicMissing = (): ServiceError => new ServiceError('NotFound', 'Topic does not exist', { status: 404 })

export const subscriptionMissing = (): ServiceError =>
  new ServiceError('NotFound', 'Subscription does not exist', { status: 404 })

export const resourceMissing = (): ServiceError =>
  new ServiceError('ResourceNotFound', 'Resource does not exist', { status: 404 })

export const notAuthorized = (): ServiceError =>
  new ServiceError('AuthorizationError', 'Not authorized to perform this action', { status: 403 })

export const tagLimit = (limit: number): ServiceError =>
  new ServiceError('TagLimitExceeded', `Could not complete request: tag quota of per resource exceeded (${limit})`)

export const topicExists = (attribute: string): ServiceError =>
  invalidParameter(`Attributes Reason: Topic already exists with different ${attribute}`)

export const tagsDiffer = (): ServiceError => invalidParameter('Tags Reason: Topic already exists with different tags')

export const emptyBatch = (): ServiceError =>
  new ServiceError('EmptyBatchRequest', 'The batch request does not contain any entries.')

export const tooManyEntries = (count: number): ServiceError =>
  new ServiceError(
    'TooManyEntriesInBatchRequest',
    `The batch request contains more entries than permissible: at most 10, and there are ${count}.`,
  )

export const idsNotDistinct = (): ServiceError =>
  new ServiceError('BatchEntryIdsNotDistinct', 'Two or more batch entries in the request have the same Id.')

export const invalidEntryId = (): ServiceError =>
  new ServiceError(
    'InvalidBatchEntryId',
    'The Id of a batch entry in a batch request does not abide by the specification.',
  )

export const batchTooLong = (limit: number): ServiceError =>
  new ServiceError(
    'BatchRequestTooLong',
    `The length of all the batch messages put together is more than the limit of ${limit} bytes.`,
  )
