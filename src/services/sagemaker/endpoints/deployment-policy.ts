import type { CapacitySize, DeploymentConfig } from '../../../model/generated/sagemaker.ts'
import {
  alarmWithoutName,
  batchSizeOutOfRange,
  bothUpdatePolicies,
  noUpdatePolicy,
  sizeForOtherType,
  sizeMissing,
  timeoutTooShort,
} from './errors.ts'

/** How an update goes about it: a checked DeploymentConfig with its defaults filled in. */
export interface DeploymentPolicy {
  /**
   * `blue-green`: all of the new fleet is launched, then takes the traffic step by step, then the old one goes.
   * `rolling`: the fleets exchange their instances batch by batch.
   */
  readonly kind: 'blue-green' | 'rolling'
  /** Traffic that the new fleet takes at first (canary), with each step (linear), or instances of a batch (rolling). */
  readonly size: CapacitySize | undefined
  /** Blue/green: true when `size` is only the first step and the second is all the rest. */
  readonly canary: boolean
  /** After each step. */
  readonly waitSeconds: number
  /** After the last, before the old fleet goes. */
  readonly terminationWaitSeconds: number
  /** Instances of the old fleet that come back at a time when a rolling update is undone; all when undefined. */
  readonly rollbackSize: CapacitySize | undefined
  /** After this long the update is undone. */
  readonly timeoutSeconds: number | undefined
  /** Alarms, any of which in ALARM undoes the update. */
  readonly alarms: readonly string[]
}

/** Blue/green, all at once, without waiting. Source: BlueGreenUpdatePolicy (API reference). */
export const DEFAULT_POLICY: DeploymentPolicy = {
  kind: 'blue-green',
  size: undefined,
  canary: false,
  waitSeconds: 0,
  terminationWaitSeconds: 0,
  rollbackSize: undefined,
  timeoutSeconds: undefined,
  alarms: [],
}

/** In per cent of a variant's instances. Source: TrafficRoutingConfig and RollingUpdatePolicy in the API reference. */
const BOUNDS = {
  CanarySize: [1, 50],
  LinearStepSize: [10, 50],
  MaximumBatchSize: [5, 50],
  RollbackMaximumBatchSize: [1, 100],
} as const

/** A variant of the fleet that an update brings in. */
interface SizedVariant {
  readonly name: string
  readonly instances: number
}

/**
 * Checks a DeploymentConfig against the fleet it is to bring in. Throws ValidationException. The bounds of a count of
 * instances are those of the percentage that it is of each variant. Without variants only what is wrong for every fleet is refused.
 */
export function deploymentPolicy(config: DeploymentConfig, variants: readonly SizedVariant[]): DeploymentPolicy {
  checkPolicies(config)
  const { BlueGreenUpdatePolicy: blueGreen, RollingUpdatePolicy: rolling } = config
  const alarms = (config.AutoRollbackConfiguration?.Alarms ?? []).map(({ AlarmName: name }) => {
    if (name === undefined) throw alarmWithoutName()
    return name
  })
  if (rolling !== undefined) {
    const { MaximumBatchSize: size, RollbackMaximumBatchSize: rollbackSize } = rolling
    checkSize('MaximumBatchSize', size, variants)
    if (rollbackSize !== undefined) checkSize('RollbackMaximumBatchSize', rollbackSize, variants)
    return {
      ...DEFAULT_POLICY,
      kind: 'rolling',
      size,
      rollbackSize,
      waitSeconds: rolling.WaitIntervalInSeconds,
      timeoutSeconds: rolling.MaximumExecutionTimeoutInSeconds,
      alarms,
    }
  }
  if (blueGreen === undefined) return { ...DEFAULT_POLICY, alarms }
  const { TrafficRoutingConfiguration: routing, TerminationWaitInSeconds: terminationWaitSeconds = 0 } = blueGreen
  const { Type: type, CanarySize: canarySize, LinearStepSize: stepSize, WaitIntervalInSeconds: waitSeconds } = routing
  if (type !== 'CANARY' && canarySize !== undefined) throw sizeForOtherType('CanarySize', type)
  if (type !== 'LINEAR' && stepSize !== undefined) throw sizeForOtherType('LinearStepSize', type)
  const name = type === 'CANARY' ? 'CanarySize' : 'LinearStepSize'
  const size = canarySize ?? stepSize
  if (type !== 'ALL_AT_ONCE') {
    if (size === undefined) throw sizeMissing(name, type)
    checkSize(name, size, variants)
  }
  return {
    ...DEFAULT_POLICY,
    size,
    canary: type === 'CANARY',
    waitSeconds,
    terminationWaitSeconds,
    timeoutSeconds: blueGreen.MaximumExecutionTimeoutInSeconds,
    alarms,
  }
}

function checkPolicies(config: DeploymentConfig): void {
  const { BlueGreenUpdatePolicy: blueGreen, RollingUpdatePolicy: rolling } = config
  if (blueGreen !== undefined && rolling !== undefined) throw bothUpdatePolicies()
  if (blueGreen === undefined && rolling === undefined) throw noUpdatePolicy()
}

/** @throws ValidationException when the waits alone take all the time that an update may take */
export function checkTimeout({ timeoutSeconds }: DeploymentPolicy, waitingSeconds: number): void {
  if (timeoutSeconds !== undefined && waitingSeconds >= timeoutSeconds)
    throw timeoutTooShort(timeoutSeconds, waitingSeconds)
}

function checkSize(name: keyof typeof BOUNDS, size: CapacitySize, variants: readonly SizedVariant[]): void {
  const [least, most] = BOUNDS[name]
  const fits = (percent: number) => percent >= least && percent <= most
  if (size.Type === 'CAPACITY_PERCENT' && !fits(size.Value)) throw batchSizeOutOfRange(name, least, most)
  if (size.Type === 'INSTANCE_COUNT') {
    const wrong = variants.find(({ instances }) => !fits((size.Value / instances) * 100))
    if (wrong !== undefined) throw batchSizeOutOfRange(name, least, most, wrong)
  }
}
