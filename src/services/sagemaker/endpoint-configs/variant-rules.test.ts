import { describe, expect, it } from 'vitest'
import type { CreateEndpointConfigInput } from '../../../model/generated/sagemaker.ts'
import { checkVariants } from './variant-rules.ts'

const variant = { VariantName: 'A', ModelName: 'm', InstanceType: 'ml.m5.large' as const, InitialInstanceCount: 1 }
const check = (change: object, config: object = {}) =>
  checkVariants({
    EndpointConfigName: 'c',
    ProductionVariants: [{ ...variant, ...change }],
    ...config,
  } as CreateEndpointConfigInput)
const capture = {
  InitialSamplingPercentage: 1,
  DestinationS3Uri: 's3://b/p',
  CaptureOptions: [{ CaptureMode: 'Input' }],
}

describe('checkVariants', () => {
  it('fills in the default weight and keeps a weight of nothing', () => {
    expect(check({})[0]?.InitialVariantWeight).toBe(1)
    expect(check({ InitialVariantWeight: 0 })[0]?.InitialVariantWeight).toBe(0)
  })

  it('passes what is switched off or without effect here', () => {
    check({ EnableSSMAccess: false, ManagedInstanceScaling: { Status: 'DISABLED' }, VolumeSizeInGB: 3 })
    check(
      {},
      {
        DataCaptureConfig: { ...capture, EnableCapture: false },
        EnableNetworkIsolation: false,
        ShadowProductionVariants: [],
      },
    )
  })

  it.each([
    [
      { InstanceType: undefined },
      {},
      'ValidationException',
      'InstanceType must be specified for production variant "A".',
    ],
    [{ InitialInstanceCount: undefined }, {}, 'ValidationException', 'InitialInstanceCount must be specified'],
    [
      { InitialVariantWeight: -1 },
      {},
      'ValidationException',
      "Value '-1' at 'productionVariants.1.member.initialVariantWeight'",
    ],
    [{ InitialVariantWeight: Number.NaN }, {}, 'ValidationException', "Value 'NaN'"],
    [{ InitialVariantWeight: Number.POSITIVE_INFINITY }, {}, 'ValidationException', 'less than or equal to 3.4'],
    [{ InitialVariantWeight: 1e39 }, {}, 'ValidationException', 'less than or equal to 3.4'],
    [
      {},
      { ProductionVariants: [variant, { ...variant, VariantName: 'a' }] },
      'ValidationException',
      '"a" is used more than once',
    ],
    [{ ModelName: undefined }, {}, 'NotImplemented', 'inference components'],
    [{ ServerlessConfig: { MemorySizeInMB: 1024, MaxConcurrency: 1 } }, {}, 'NotImplemented', 'ServerlessConfig'],
    [{ InstancePools: [{ InstanceType: 'ml.m5.large', Priority: 1 }] }, {}, 'NotImplemented', 'InstancePools'],
    [{ AcceleratorType: 'ml.eia1.medium' }, {}, 'NotImplemented', 'AcceleratorType'],
    [{ CoreDumpConfig: { DestinationS3Uri: 's3://b/p' } }, {}, 'NotImplemented', 'CoreDumpConfig'],
    [{ CapacityReservationConfig: {} }, {}, 'NotImplemented', 'CapacityReservationConfig'],
    [{ EnableSSMAccess: true }, {}, 'NotImplemented', 'EnableSSMAccess'],
    [{ ManagedInstanceScaling: { Status: 'ENABLED' } }, {}, 'NotImplemented', 'ManagedInstanceScaling'],
    [{}, { ShadowProductionVariants: [variant] }, 'NotImplemented', 'ShadowProductionVariants'],
    [{}, { DataCaptureConfig: capture }, 'NotImplemented', 'DataCaptureConfig'],
    [{}, { DataCaptureConfig: { ...capture, EnableCapture: true } }, 'NotImplemented', 'DataCaptureConfig'],
    [{}, { AsyncInferenceConfig: { OutputConfig: {} } }, 'ValidationException', 'S3OutputPath'],
    [{}, { ExplainerConfig: {} }, 'NotImplemented', 'ExplainerConfig'],
    [{}, { VpcConfig: { Subnets: [], SecurityGroupIds: [] } }, 'NotImplemented', 'VpcConfig'],
    [{}, { EnableNetworkIsolation: true }, 'NotImplemented', 'EnableNetworkIsolation'],
  ])('refuses %j %j', (change, config, code, message) => {
    expect(() => check(change, config)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    )
  })
})
