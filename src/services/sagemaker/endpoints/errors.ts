import { ServiceError, validationException } from '../../../wire/service-error.ts'

export const missingEndpoint = (arn: string): ServiceError => validationException(`Could not find endpoint "${arn}".`)

export const duplicateEndpoint = (arn: string): ServiceError =>
  validationException(`Cannot create already existing endpoint "${arn}".`)

/** Also what DeleteEndpoint says. */
export const endpointInProgress = (arn: string): ServiceError =>
  validationException(`Cannot update in-progress endpoint "${arn}".`)

export const bothUpdatePolicies = (): ServiceError =>
  validationException('Specify only one of BlueGreenUpdatePolicy and RollingUpdatePolicy in DeploymentConfig.')

export const quotaExceeded = (type: string, limit: number, used: number, wanted: number): ServiceError =>
  new ServiceError(
    'ResourceLimitExceeded',
    `The account-level service limit '${type} for endpoint usage' is ${limit} Instances, with current utilization of ` +
      `${used} Instances and a request delta of ${wanted} Instances. Please use AWS Service Quotas to request an ` +
      'increase for this quota. If AWS Service Quotas is not available, contact AWS support to request an increase ' +
      'for this quota.',
  )
