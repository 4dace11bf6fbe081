import { type ServiceError, validationException } from '../../../wire/service-error.ts'

export const missingEndpointConfig = (arn: string): ServiceError =>
  validationException(`Could not find endpoint configuration "${arn}".`)

export const duplicateEndpointConfig = (arn: string): ServiceError =>
  validationException(`Cannot create already existing endpoint configuration "${arn}".`)

export const duplicateVariant = (name: string): ServiceError =>
  validationException(
    `Variant names must be unique within an endpoint configuration. "${name}" is used more than once.`,
  )

export const incompleteVariant = (name: string, member: string): ServiceError =>
  validationException(`${member} must be specified for production variant "${name}".`)

/** A weight that is negative, no number, or beyond what a Float holds. */
export const badWeight = (index: number, weight: number): ServiceError =>
  validationException(
    `1 validation error detected: Value '${weight}' at 'productionVariants.${index + 1}.member.initialVariantWeight' ` +
      `failed to satisfy constraint: Member must have value ${weight > 0 ? 'less than or equal to 3.4028235E38' : 'greater than or equal to 0'}`,
  )
