import { expect, it } from 'vitest'
import type { AccessNeed } from '../authorization.ts'
import type { RequestContext } from '../operation.ts'
import { sagemakerAuthorization } from './authorization.ts'

const context = { account: '123456789012', region: 'us-east-1' } as RequestContext
const ARN = 'arn:aws:sagemaker:us-east-1:123456789012'

/** The condition keys of an operation's first need, as policies are asked about. */
async function keysOf(operation: string, input: object) {
  const [first] = await (sagemakerAuthorization[operation]!(input as never, context) as readonly AccessNeed[])
  return first?.conditions
}

it.each<readonly [string, object, object]>([
  [
    'AddTags',
    { ResourceArn: `${ARN}:model/m`, Tags: [{ Key: 'Team', Value: 'a' }] },
    { 'aws:requesttag/team': 'a', 'aws:tagkeys': ['Team'] },
  ],
  ['DeleteTags', { ResourceArn: `${ARN}:model/m`, TagKeys: ['Team'] }, { 'aws:tagkeys': ['Team'] }],
  [
    'UpdateModelPackage',
    {
      ModelPackageArn: `${ARN}:model-package/g/1`,
      ModelApprovalStatus: 'Approved',
      CustomerMetadataProperties: { Owner: 'x' },
      CustomerMetadataPropertiesToRemove: ['Old'],
      ModelLifeCycle: { Stage: 'Production', StageStatus: 'Ready' },
    },
    {
      'sagemaker:customermetadataproperties/owner': 'x',
      'sagemaker:customermetadatapropertiestoremove': ['Old'],
      'sagemaker:modelapprovalstatus': 'Approved',
      'sagemaker:modellifecycle:stage': 'Production',
      'sagemaker:modellifecycle:stagestatus': 'Ready',
    },
  ],
  [
    'CreateModelPackage',
    { ModelPackageGroupName: 'g', ModelApprovalStatus: 'Approved' },
    { 'sagemaker:modelapprovalstatus': 'Approved' },
  ],
  [
    'CreateModel',
    { ModelName: 'm', VpcConfig: { SecurityGroupIds: ['sg-1'], Subnets: ['s-1', 's-2'] } },
    {
      'sagemaker:networkisolation': 'false',
      'sagemaker:vpcsecuritygroupids': ['sg-1'],
      'sagemaker:vpcsubnets': ['s-1', 's-2'],
    },
  ],
  [
    'CreateEndpointConfig',
    {
      EndpointConfigName: 'c',
      KmsKeyId: 'k',
      ProductionVariants: [
        { VariantName: 'A', ModelName: 'One', InstanceType: 'ml.m5.large' },
        { VariantName: 'B', ModelName: 'two', ServerlessConfig: { MemorySizeInMB: 1024, MaxConcurrency: 2 } },
      ],
    },
    {
      'sagemaker:instancetypes': ['ml.m5.large'],
      'sagemaker:modelarn': [`${ARN}:model/one`, `${ARN}:model/two`],
      'sagemaker:serverlessmaxconcurrency': ['2'],
      'sagemaker:serverlessmemorysize': ['1024'],
      'sagemaker:volumekmskey': 'k',
    },
  ],
])('%s is asked about with what it is given', async (operation, input, expected) => {
  expect(await keysOf(operation, input)).toEqual(expected)
})
