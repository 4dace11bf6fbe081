import { ServiceError } from '../../wire/service-error.ts'

export const logGroupMissing = (): ServiceError =>
  new ServiceError('ResourceNotFoundException', 'The specified log group does not exist.')

export const logStreamMissing = (): ServiceError =>
  new ServiceError('ResourceNotFoundException', 'The specified log stream does not exist.')

export const logGroupExists = (): ServiceError =>
  new ServiceError('ResourceAlreadyExistsException', 'The specified log group already exists')

export const logStreamExists = (): ServiceError =>
  new ServiceError('ResourceAlreadyExistsException', 'The specified log stream already exists')

export const invalidParameter = (message: string): ServiceError =>
  new ServiceError('InvalidParameterException', message)

export const badNextToken = (): ServiceError => invalidParameter('The specified nextToken is invalid.')

export const tooManyTags = (arn: string): ServiceError =>
  new ServiceError('TooManyTagsException', 'A resource can have no more than 50 tags.', {
    members: { resourceName: arn },
  })
