import type { CreateEndpointConfigInput, ProductionVariant } from '../../../model/generated/sagemaker.ts'
import { notImplemented } from '../../../wire/service-error.ts'
import { checkAsyncConfig } from './async-rules.ts'
import { badWeight, duplicateVariant, incompleteVariant } from './errors.ts'

/** A variant that has what a fleet of instances needs. */
export interface InstanceVariant extends ProductionVariant {
  readonly ModelName: string
  readonly InstanceType: NonNullable<ProductionVariant['InstanceType']>
  readonly InitialInstanceCount: number
  readonly InitialVariantWeight: number
}

/** The largest weight: what a Float holds. */
export const LARGEST_FLOAT = 3.4028234663852886e38

/** Checks a config's variants and fills in their default weight. Kinds of endpoints not implemented are refused by name. */
export function checkVariants(input: CreateEndpointConfigInput): readonly InstanceVariant[] {
  refuseOtherKinds(input)
  const seen = new Set<string>()
  return input.ProductionVariants.map((variant, index) => {
    const { VariantName: name, InitialVariantWeight: weight = 1 } = variant
    if (seen.has(name.toLowerCase())) throw duplicateVariant(name)
    seen.add(name.toLowerCase())
    refuseOtherFleets(variant)
    const { ModelName: model, InstanceType: type, InitialInstanceCount: count } = variant
    if (model === undefined) throw notImplemented('A production variant without ModelName (inference components)')
    if (type === undefined) throw incompleteVariant(name, 'InstanceType')
    if (count === undefined) throw incompleteVariant(name, 'InitialInstanceCount')
    if (!(weight >= 0 && weight <= LARGEST_FLOAT)) throw badWeight(index, weight)
    return {
      ...variant,
      ModelName: model,
      InstanceType: type,
      InitialInstanceCount: count,
      InitialVariantWeight: weight,
    }
  })
}

function refuseOtherKinds(input: CreateEndpointConfigInput): void {
  const { DataCaptureConfig: capture } = input
  if ((input.ShadowProductionVariants?.length ?? 0) > 0) throw notImplemented('ShadowProductionVariants')
  // A capture is on unless it says that it is not.
  if (capture !== undefined && capture.EnableCapture !== false)
    throw notImplemented('DataCaptureConfig with EnableCapture')
  if (input.AsyncInferenceConfig !== undefined) checkAsyncConfig(input.AsyncInferenceConfig)
  if (input.ExplainerConfig !== undefined) throw notImplemented('ExplainerConfig')
  if (input.VpcConfig !== undefined) throw notImplemented('VpcConfig of an endpoint configuration')
  if (input.EnableNetworkIsolation === true) throw notImplemented('EnableNetworkIsolation of an endpoint configuration')
}

function refuseOtherFleets(variant: ProductionVariant): void {
  for (const member of [
    'ServerlessConfig',
    'InstancePools',
    'AcceleratorType',
    'CoreDumpConfig',
    'CapacityReservationConfig',
  ] as const) {
    if (variant[member] !== undefined) throw notImplemented(`${member} of a production variant`)
  }
  if (variant.EnableSSMAccess === true) throw notImplemented('EnableSSMAccess of a production variant')
  if (variant.ManagedInstanceScaling !== undefined && variant.ManagedInstanceScaling.Status !== 'DISABLED') {
    throw notImplemented('ManagedInstanceScaling of a production variant')
  }
}
