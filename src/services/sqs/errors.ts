import { ServiceError } from '../../wire/service-error.ts'

const PREFIX = 'AWS.SimpleQueueService.'

export const queueMissing = (): ServiceError =>
  new ServiceError(`${PREFIX}NonExistentQueue`, 'The specified queue does not exist.')

export const queueExists = (attribute: string): ServiceError =>
  new ServiceError(
    'QueueAlreadyExists',
    `A queue already exists with the same name and a different value for attribute ${attribute}`,
  )

export const invalidAddress = (url: string): ServiceError =>
  new ServiceError('InvalidAddress', `The address ${url.slice(0, 256)} is not valid for this endpoint.`)

export const unknownAttribute = (name: string): ServiceError =>
  new ServiceError('InvalidAttributeName', `Unknown Attribute ${name.slice(0, 128)}.`)

export const invalidAttribute = (name: string, reason?: string): ServiceError =>
  new ServiceError(
    'InvalidAttributeValue',
    `Invalid value for the parameter ${name}.${reason === undefined ? '' : ` Reason: ${reason}`}`,
  )

export const invalidParameter = (message: string): ServiceError => new ServiceError('InvalidParameterValue', message)

/** `reason` is a sentence. */
export const invalidValue = (value: unknown, parameter: string, reason: string): ServiceError =>
  invalidParameter(`Value ${String(value).slice(0, 256)} for parameter ${parameter} is invalid. Reason: ${reason}`)

export const missingParameter = (name: string): ServiceError =>
  new ServiceError('MissingParameter', `The request must contain the parameter ${name}.`)

export const messageTooLong = (limit: number): ServiceError =>
  invalidParameter(`One or more parameters are invalid. Reason: Message must be shorter than ${limit} bytes.`)

export const invalidContents = (): ServiceError =>
  new ServiceError('InvalidMessageContents', 'Message contains characters outside the allowed set.')

export const receiptInvalid = (handle: string): ServiceError =>
  new ServiceError(
    'ReceiptHandleIsInvalid',
    `The input receipt handle "${handle.slice(0, 128)}" is not a valid receipt handle.`,
  )

export const notInFlight = (handle: string): ServiceError =>
  invalidValue(handle, 'ReceiptHandle', 'Message does not exist or is not available for visibility timeout change.')

export const purgeInProgress = (name: string): ServiceError =>
  new ServiceError(
    `${PREFIX}PurgeQueueInProgress`,
    `Only one PurgeQueue operation on ${name} is allowed every 60 seconds.`,
    { status: 403 },
  )

export const emptyBatch = (entry: string): ServiceError =>
  new ServiceError(`${PREFIX}EmptyBatchRequest`, `There should be at least one ${entry} in the request.`)

export const tooManyEntries = (count: number): ServiceError =>
  new ServiceError(
    `${PREFIX}TooManyEntriesInBatchRequest`,
    `Maximum number of entries per request are 10. You have sent ${count}.`,
  )

export const idsNotDistinct = (id: string): ServiceError =>
  new ServiceError(`${PREFIX}BatchEntryIdsNotDistinct`, `Id ${id} repeated.`)

export const invalidEntryId = (): ServiceError =>
  new ServiceError(
    `${PREFIX}InvalidBatchEntryId`,
    'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
  )

export const batchTooLong = (limit: number, bytes: number): ServiceError =>
  new ServiceError(
    `${PREFIX}BatchRequestTooLong`,
    `Batch requests cannot be longer than ${limit} bytes. You have sent ${bytes} bytes.`,
  )

export const overLimit = (message: string): ServiceError => new ServiceError('OverLimit', message, { status: 403 })
