import { ServiceError, validationException } from '../../../wire/service-error.ts'

export const missingEndpoint = (arn: string): ServiceError => validationException(`Could not find endpoint "${arn}".`)

export const duplicateEndpoint = (arn: string): ServiceError =>
  validationException(`Cannot create already existing endpoint "${arn}".`)

/** Also what DeleteEndpoint says. */
export const endpointInProgress = (arn: string): ServiceError =>
  validationException(`Cannot update in-progress endpoint "${arn}".`)

export const bothUpdatePolicies = (): ServiceError =>
  validationException('Specify only one of BlueGreenUpdatePolicy and RollingUpdatePolicy in DeploymentConfig.')

export const noUpdatePolicy = (): ServiceError =>
  validationException('Specify one of BlueGreenUpdatePolicy and RollingUpdatePolicy in DeploymentConfig.')

/** One that nobody could watch: the update would seem to be guarded. */
export const alarmWithoutName = (): ServiceError =>
  validationException('AlarmName must be specified for each of the alarms of AutoRollbackConfiguration.')

export const sizeForOtherType = (member: string, type: string): ServiceError =>
  validationException(`${member} cannot be specified when the traffic routing type is ${type}.`)

export const sizeMissing = (member: string, type: string): ServiceError =>
  validationException(`${member} must be specified when the traffic routing type is ${type}.`)

/** `variant` is the one whose number of instances the size does not fit. */
export const batchSizeOutOfRange = (
  member: string,
  least: number,
  most: number,
  variant?: { readonly name: string; readonly instances: number },
): ServiceError =>
  validationException(
    `${member} must be between ${least}% and ${most}% of a variant's total instance count` +
      `${variant === undefined ? '' : `; production variant "${variant.name}" has ${variant.instances}`}.`,
  )

export const timeoutTooShort = (timeout: number, waiting: number): ServiceError =>
  validationException(
    `MaximumExecutionTimeoutInSeconds (${timeout}) must be larger than the total waiting time (${waiting} seconds) of ` +
      'WaitIntervalInSeconds and TerminationWaitInSeconds.',
  )

export const retainedAndGiven = (): ServiceError =>
  validationException('DeploymentConfig cannot be specified when RetainDeploymentConfig is true.')

/** The endpoint is in a status that no update leads out of. */
export const notUpdatable = (arn: string, status: string): ServiceError =>
  validationException(`Cannot update endpoint "${arn}" in status ${status}.`)

export const missingVariant = (variant: string, arn: string): ServiceError =>
  validationException(`Could not find production variant "${variant}" in endpoint "${arn}".`)

export const repeatedVariant = (variant: string): ServiceError =>
  validationException(`Production variant "${variant}" is specified more than once in DesiredWeightsAndCapacities.`)

export const notServerless = (variant: string): ServiceError =>
  validationException(
    `ServerlessUpdateConfig cannot be specified for production variant "${variant}": it has instances.`,
  )

/** An asynchronous endpoint stays one, and so does a real-time endpoint. */
export const otherKind = (endpoint: string): ServiceError =>
  validationException(
    `Endpoint "${endpoint}" cannot be updated from real-time to asynchronous inference or back. Create another endpoint.`,
  )

/** A real-time variant needs an instance; only other kinds of endpoints may have none. */
export const noInstancesWanted = (index: number): ServiceError =>
  validationException(
    `1 validation error detected: Value '0' at 'desiredWeightsAndCapacities.${index + 1}.member.desiredInstanceCount' ` +
      'failed to satisfy constraint: Member must have value greater than or equal to 1',
  )

export const badWeight = (index: number, weight: number): ServiceError =>
  validationException(
    `1 validation error detected: Value '${weight}' at 'desiredWeightsAndCapacities.${index + 1}.member.desiredWeight' ` +
      `failed to satisfy constraint: Member must have value ${weight > 0 ? 'less than or equal to 3.4028235E38' : 'greater than or equal to 0'}`,
  )

export const quotaExceeded = (type: string, limit: number, used: number, wanted: number): ServiceError =>
  new ServiceError(
    'ResourceLimitExceeded',
    `The account-level service limit '${type} for endpoint usage' is ${limit} Instances, with current utilization of ` +
      `${used} Instances and a request delta of ${wanted} Instances. Please use AWS Service Quotas to request an ` +
      'increase for this quota. If AWS Service Quotas is not available, contact AWS support to request an increase ' +
      'for this quota.',
  )

export const variantIsScaled = (variant: string): ServiceError =>
  validationException(
    `The variant ${variant} has a scaling policy. Delete the policy before you update the endpoint to a configuration without the variant or with another instance type for it.`,
  )
