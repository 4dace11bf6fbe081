import { ServiceError, validationException } from '../../../wire/service-error.ts'

export const missingGroup = (arn: string): ServiceError =>
  validationException(`ModelPackageGroup ${arn} does not exist.`)

export const duplicateGroup = (arn: string): ServiceError =>
  validationException(`Model Package Group already exists: ${arn}`)

export const groupNotEmpty = (arn: string): ServiceError =>
  new ServiceError(
    'ConflictException',
    `ModelPackageGroup ${arn} cannot be deleted because it still contains model packages.`,
  )
