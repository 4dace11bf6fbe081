import { ServiceError } from '../../wire/service-error.ts'

export const invalidValue = (message: string): ServiceError => new ServiceError('InvalidParameterValue', message)

export const invalidCombination = (message: string): ServiceError =>
  new ServiceError('InvalidParameterCombination', message)

export const missingParameter = (message: string): ServiceError => new ServiceError('MissingParameter', message)

export const invalidNextToken = (): ServiceError =>
  new ServiceError('InvalidNextToken', 'The next token specified is invalid.')

/** Metrics of an account have no quota in AWS; here what they take has to end somewhere. */
export const tooManyMetrics = (limit: number): ServiceError =>
  new ServiceError(
    'LimitExceeded',
    `The account has ${limit} metrics in this region, which is the most that is kept. Use fewer combinations of dimensions, or raise metrics.maxSeries.`,
  )

export const alarmNotFound = (name: string): ServiceError =>
  new ServiceError('ResourceNotFound', `Unknown Alarm: ${name}`, { status: 404 })

export const resourceNotFound = (type: string, id: string): ServiceError =>
  new ServiceError('ResourceNotFoundException', `${type} ${id} does not exist.`, {
    status: 404,
    members: { ResourceType: type, ResourceId: id },
  })

export const tooManyAlarms = (limit: number): ServiceError =>
  new ServiceError('LimitExceeded', `The maximum limit of ${limit} alarms has been reached.`)
