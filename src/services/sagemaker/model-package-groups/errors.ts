import type { PolicyFault } from '../../../access/policy/policy-fault.ts'
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

/** What the operations on policies say of a missing group, other than the rest. Source: what their clients look for. */
export const unknownGroup = (arn: string): ServiceError =>
  validationException(`Cannot find Model Package Group: ${arn}`)

export const noGroupPolicy = (arn: string): ServiceError =>
  validationException(`Cannot find resource policy for: ${arn}`)

export function invalidGroupPolicy({ message, position: { line, column } }: PolicyFault): ServiceError {
  const where = ` at position (${line},${column})`
  return validationException(message.endsWith(where) ? message : `${message}${where}`)
}

export const missingPrincipal = (arn: string): ServiceError =>
  validationException(`Invalid principal in policy: "AWS":"${arn}" does not exist.`)
