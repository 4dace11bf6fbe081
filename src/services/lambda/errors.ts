import { ServiceError } from '../../wire/service-error.ts'

/** Lambda's exceptions say whose fault it was in a member of their own. */
const userError = (code: string, message: string, status: number, members: Record<string, unknown> = {}) =>
  new ServiceError(code, message, { status, members: { Type: 'User', ...members } })

export const functionMissing = (arn: string): ServiceError =>
  userError('ResourceNotFoundException', `Function not found: ${arn}`, 404)

export const functionExists = (name: string): ServiceError =>
  userError('ResourceConflictException', `Function already exist: ${name}`, 409)

export const invalidParameterValue = (message: string): ServiceError =>
  userError('InvalidParameterValueException', message, 400)

export const staleRevision = (): ServiceError =>
  userError(
    'PreconditionFailedException',
    'The RevisionId provided does not match the latest RevisionId. Call the GetFunction/GetAlias API to retrieve the latest RevisionId',
    412,
  )

/** Another update of the same function was committed between reading and writing. */
export const updateConflict = (arn: string): ServiceError =>
  userError(
    'ResourceConflictException',
    `The operation cannot be performed at this time. An update is in progress for resource: ${arn}`,
    409,
  )

export const codeTooLarge = (limit: number, operation: string): ServiceError =>
  new ServiceError(
    'RequestEntityTooLargeException',
    `Request must be smaller than ${limit} bytes for the ${operation} operation`,
    { status: 413 },
  )

export const payloadTooLarge = (limit: number): ServiceError =>
  userError(
    'RequestTooLargeException',
    `Request must be smaller than ${limit} bytes for the InvokeFunction operation`,
    413,
  )

export const unparseablePayload = (detail: string): ServiceError =>
  userError(
    'InvalidRequestContentException',
    `Could not parse request body into json: Could not parse payload into json: ${detail}`,
    400,
  )

export const invalidRequestContent = (message: string): ServiceError =>
  userError('InvalidRequestContentException', message, 400)

export const tooManyRequests = (): ServiceError =>
  new ServiceError('TooManyRequestsException', 'Rate Exceeded.', {
    status: 429,
    members: { Type: 'User', Reason: 'ConcurrentInvocationLimitExceeded' },
  })

/** The server, not the function, could not do it. */
export const serviceFailure = (message: string): ServiceError =>
  new ServiceError('ServiceException', message, { status: 500, members: { Type: 'Service' } })

export const statementExists = (statementId: string): ServiceError =>
  userError(
    'ResourceConflictException',
    `The statement id (${statementId}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
    409,
  )

export const statementMissing = (statementId: string): ServiceError =>
  userError('ResourceNotFoundException', `Statement ${statementId} is not found in resource policy.`, 404)

export const noPolicyOfLatest = (): ServiceError =>
  invalidParameterValue('We currently do not support adding policies for $LATEST.')

export const invalidPrincipal = (): ServiceError =>
  invalidParameterValue('The provided principal was invalid. Please check the principal and try again.')

export const policyMissing = (): ServiceError =>
  userError('ResourceNotFoundException', 'The resource you requested does not exist.', 404)
