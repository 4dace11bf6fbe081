import type {
  CreateEndpointConfigInput,
  CreateModelInput,
  Tag,
  UpdateModelPackageInput,
} from '../../model/generated/sagemaker.ts'
import type { AccessNeed } from '../authorization.ts'
import type { RequestContext } from '../operation.ts'
import { sagemakerArn } from './resource-name.ts'

type Keys = NonNullable<AccessNeed['conditions']>

/** A key without values is no key. */
const listed = (values: readonly (string | undefined)[] = []): readonly string[] | undefined => {
  const given = values.filter((value) => value !== undefined)
  return given.length === 0 ? undefined : given
}

const numbers = (values: readonly (number | undefined)[]) =>
  listed(values.map((value) => (value === undefined ? undefined : String(value))))

/** `aws:RequestTag/KEY` and `aws:TagKeys` of tags that a request gives. */
export const requestTags = (tags: readonly Tag[]): Keys => ({
  ...Object.fromEntries(tags.map(({ Key, Value }) => [`aws:requesttag/${Key.toLowerCase()}`, Value])),
  'aws:tagkeys': listed(tags.map(({ Key }) => Key)),
})

/** What a model is made with. Source: the service authorization reference of SageMaker, as all of these. */
export const modelKeys = ({ EnableNetworkIsolation: isolated, VpcConfig: vpc }: CreateModelInput): Keys => ({
  'sagemaker:networkisolation': String(isolated ?? false),
  'sagemaker:vpcsecuritygroupids': listed(vpc?.SecurityGroupIds),
  'sagemaker:vpcsubnets': listed(vpc?.Subnets),
})

/** What an endpoint's configuration asks for. */
export function configKeys(input: CreateEndpointConfigInput, context: RequestContext): Keys {
  const variants = [...input.ProductionVariants, ...(input.ShadowProductionVariants ?? [])]
  const pools = variants.flatMap(({ InstancePools = [] }) => InstancePools)
  const models = [...variants.map(({ ModelName: name }) => name), ...pools.map((pool) => pool.ModelNameOverride)]
  return {
    'sagemaker:acceleratortypes': listed(variants.map(({ AcceleratorType: type }) => type)),
    'sagemaker:instancetypes': listed([...variants, ...pools].map(({ InstanceType: type }) => type)),
    'sagemaker:modelarn': listed(models)?.map((name) => sagemakerArn(context, 'model', name)),
    'sagemaker:serverlessmaxconcurrency': numbers(variants.map((one) => one.ServerlessConfig?.MaxConcurrency)),
    'sagemaker:serverlessmemorysize': numbers(variants.map((one) => one.ServerlessConfig?.MemorySizeInMB)),
    'sagemaker:volumekmskey': input.KmsKeyId,
  }
}

type PackageInput = Pick<
  UpdateModelPackageInput,
  'CustomerMetadataProperties' | 'CustomerMetadataPropertiesToRemove' | 'ModelApprovalStatus' | 'ModelLifeCycle'
>

/** How a version is registered or changed: above all whether it is approved. */
export const packageKeys = (input: PackageInput): Keys => ({
  ...Object.fromEntries(
    Object.entries(input.CustomerMetadataProperties ?? {}).map(([name, value]) => [
      `sagemaker:customermetadataproperties/${name.toLowerCase()}`,
      value,
    ]),
  ),
  'sagemaker:customermetadatapropertiestoremove': listed(input.CustomerMetadataPropertiesToRemove),
  'sagemaker:modelapprovalstatus': input.ModelApprovalStatus,
  'sagemaker:modellifecycle:stage': input.ModelLifeCycle?.Stage,
  'sagemaker:modellifecycle:stagestatus': input.ModelLifeCycle?.StageStatus,
})
