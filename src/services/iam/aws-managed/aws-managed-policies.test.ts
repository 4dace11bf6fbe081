import { describe, expect, it } from 'vitest'
import { evaluate } from '../../../access/evaluation/evaluate.ts'
import { checkPolicy } from '../../../access/policy/check-policy.ts'
import { compilePolicy } from '../../../access/policy/compiled-policy.ts'
import type { ContextValue } from '../../../access/policy/context-values.ts'
import { rolePrincipal } from '../../../access/principals.ts'
import { awsManagedPolicies, findAwsManagedPolicy } from './aws-managed-policies.ts'

const account = '123456789012'
const principal = rolePrincipal(account, { path: '/', name: 'R', id: 'AROAX' }, 's')

/** Whether a policy alone allows an action. */
function allows(name: string, action: string, resource = '*', keys: Readonly<Record<string, ContextValue>> = {}) {
  const { arn, document } = awsManagedPolicies.find((policy) => policy.name === name)!
  const source = { id: arn, type: 'aws-managed' } as const
  const context = new Map<string, ContextValue>(Object.entries(keys))
  return evaluate(
    { principal, action, resource, resourceAccount: '', context },
    { identity: [{ source, policy: compilePolicy(document) }] },
  ).allowed
}

it('has policies that would be accepted, each under an ARN of its own', () => {
  for (const { arn, document, id } of awsManagedPolicies) {
    expect({ arn, fault: checkPolicy(document, 'identity') }).toEqual({ arn, fault: undefined })
    expect(findAwsManagedPolicy(arn)?.document).toBe(document)
    expect(id).toMatch(/^ANPA[A-Z2-7]{16,}$/)
  }
  expect(new Set(awsManagedPolicies.map(({ id }) => id)).size).toBe(awsManagedPolicies.length)
  expect(findAwsManagedPolicy('arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole')).toBeDefined()
  expect(findAwsManagedPolicy('arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole')).toBeUndefined()
})

const role = `arn:aws:iam::${account}:role/R`
const sagemaker = { 'iam:passedtoservice': 'sagemaker.amazonaws.com' }
const lambda = { 'iam:passedtoservice': 'lambda.amazonaws.com' }
const fn = (name: string) => `arn:aws:lambda:us-east-1:${account}:function:${name}`
const repository = (name: string) => `arn:aws:ecr:us-east-1:${account}:repository/${name}`

describe('AmazonSageMakerFullAccess', () => {
  const SAGEMAKER = 'AmazonSageMakerFullAccess'
  it.each<[boolean, string, string, Record<string, string>?]>([
    [true, 'sagemaker:CreateModel', `arn:aws:sagemaker:us-east-1:${account}:model/m`],
    [true, 'sagemaker:ListModels', '*'],
    [false, 'sagemaker:DeleteDomain', `arn:aws:sagemaker:us-east-1:${account}:domain/d`],
    [true, 'sagemaker:DescribeDomain', `arn:aws:sagemaker:us-east-1:${account}:domain/d`],
    [true, 's3:GetObject', 'arn:aws:s3:::sagemaker-us-east-1-123456789012/m.tar.gz'],
    [true, 's3:PutObject', 'arn:aws:s3:::my-sagemaker-models/m.tar.gz'],
    [true, 's3:GetObject', 'arn:aws:s3:::models/SageMaker/m.tar.gz'],
    [false, 's3:GetObject', 'arn:aws:s3:::models/m.tar.gz'],
    [true, 's3:GetObject', 'arn:aws:s3:::models/m.tar.gz', { 's3:existingobjecttag/sagemaker': 'TRUE' }],
    [false, 's3:PutObject', 'arn:aws:s3:::models/m.tar.gz', { 's3:existingobjecttag/sagemaker': 'true' }],
    [true, 's3:ListBucket', 'arn:aws:s3:::models'],
    [false, 's3:PutBucketPolicy', 'arn:aws:s3:::sagemaker-models'],
    [true, 'lambda:InvokeFunction', fn('SageMaker-registry-credentials')],
    [true, 'lambda:InvokeFunction', fn('my-sagemaker-fn')],
    [true, 'lambda:InvokeFunction', fn('LabelingFunction1')],
    [false, 'lambda:InvokeFunction', fn('registry-credentials')],
    [false, 'lambda:InvokeFunction', fn('SAGEMAKER-credentials')],
    [true, 'iam:PassRole', role, sagemaker],
    [false, 'iam:PassRole', role, lambda],
    [false, 'iam:PassRole', role],
    [true, 'ecr:BatchGetImage', repository('iris')],
    [true, 'ecr:GetAuthorizationToken', '*'],
    [false, 'ecr:PutImage', repository('iris')],
    [true, 'ecr:PutImage', repository('team/sagemaker-iris')],
    [true, 'logs:PutLogEvents', `arn:aws:logs:us-east-1:${account}:log-group:/x:log-stream:y`],
    [false, 'logs:DeleteLogGroup', `arn:aws:logs:us-east-1:${account}:log-group:/x`],
    [true, 'kms:DescribeKey', `arn:aws:kms:us-east-1:${account}:key/k`],
    [false, 'kms:Decrypt', `arn:aws:kms:us-east-1:${account}:key/k`],
    [false, 'kms:CreateGrant', `arn:aws:kms:us-east-1:${account}:key/k`],
    [false, 'iam:CreateRole', role],
    [false, 'sts:AssumeRole', role],
  ])('%s: %s on %s', (expected, action, resource, keys) => {
    expect(allows(SAGEMAKER, action, resource, keys)).toBe(expected)
  })
})

describe('the other policies', () => {
  it.each<[string, boolean, string, string?, Record<string, string>?]>([
    ['AdministratorAccess', true, 'iam:CreateUser'],
    ['IAMFullAccess', true, 'iam:CreateUser'],
    ['IAMFullAccess', false, 's3:GetObject'],
    ['AmazonS3FullAccess', true, 's3:PutBucketPolicy', 'arn:aws:s3:::b'],
    ['AmazonS3FullAccess', false, 'kms:Decrypt'],
    ['AmazonS3ReadOnlyAccess', true, 's3:GetObject', 'arn:aws:s3:::b/k'],
    ['AmazonS3ReadOnlyAccess', false, 's3:PutObject', 'arn:aws:s3:::b/k'],
    ['AWSLambda_FullAccess', true, 'lambda:CreateFunction', fn('f')],
    ['AWSLambda_FullAccess', true, 'iam:PassRole', role, lambda],
    ['AWSLambda_FullAccess', false, 'iam:PassRole', role, sagemaker],
    [
      'AWSLambda_FullAccess',
      true,
      'logs:GetLogEvents',
      'arn:aws:logs:us-east-1:1:log-group:/aws/lambda/f:log-stream:s',
    ],
    ['AWSLambda_FullAccess', false, 'logs:GetLogEvents', 'arn:aws:logs:us-east-1:1:log-group:/other:log-stream:s'],
    ['AWSLambdaBasicExecutionRole', true, 'logs:PutLogEvents'],
    ['AWSLambdaBasicExecutionRole', false, 'logs:GetLogEvents'],
    ['AmazonEC2ContainerRegistryReadOnly', true, 'ecr:BatchGetImage', repository('r')],
    ['AmazonEC2ContainerRegistryReadOnly', false, 'ecr:PutImage', repository('r')],
    ['AmazonEC2ContainerRegistryPowerUser', true, 'ecr:PutImage', repository('r')],
    ['AmazonEC2ContainerRegistryPowerUser', false, 'ecr:DeleteRepository', repository('r')],
    ['AmazonEC2ContainerRegistryPowerUser', false, 'ecr:SetRepositoryPolicy', repository('r')],
    ['AmazonEC2ContainerRegistryFullAccess', true, 'ecr:SetRepositoryPolicy', repository('r')],
    ['AmazonEC2ContainerRegistryPullOnly', true, 'ecr:GetDownloadUrlForLayer', repository('r')],
    ['AmazonEC2ContainerRegistryPullOnly', false, 'ecr:DescribeImages', repository('r')],
    ['AWSKeyManagementServicePowerUser', true, 'kms:CreateKey'],
    ['AWSKeyManagementServicePowerUser', false, 'kms:Decrypt'],
    ['AWSKeyManagementServicePowerUser', false, 'kms:ScheduleKeyDeletion'],
    ['CloudWatchFullAccess', true, 'cloudwatch:PutMetricAlarm'],
    ['CloudWatchFullAccess', true, 'sns:Publish'],
    ['CloudWatchFullAccessV2', true, 'cloudwatch:PutMetricData'],
    ['CloudWatchFullAccessV2', false, 'sns:Publish'],
    ['CloudWatchReadOnlyAccess', true, 'cloudwatch:GetMetricData'],
    ['CloudWatchReadOnlyAccess', false, 'cloudwatch:PutMetricAlarm'],
    ['CloudWatchReadOnlyAccess', false, 'cloudwatch:SetAlarmState'],
    ['CloudWatchLogsFullAccess', true, 'logs:DeleteLogGroup'],
    ['CloudWatchLogsFullAccess', false, 's3:GetObject'],
    ['AmazonSageMakerReadOnly', true, 'sagemaker:DescribeEndpoint'],
    ['AmazonSageMakerReadOnly', false, 'sagemaker:InvokeEndpoint'],
    ['ReadOnlyAccess', true, 'kms:GetKeyPolicy'],
    ['ReadOnlyAccess', false, 'kms:Decrypt'],
    ['ReadOnlyAccess', true, 'ecr:BatchGetImage'],
    ['ReadOnlyAccess', true, 'sagemaker:ListModels'],
    ['ReadOnlyAccess', false, 'sagemaker:CreateModel'],
    ['ReadOnlyAccess', false, 'iam:PutUserPolicy'],
    ['ReadOnlyAccess', false, 'sts:AssumeRole'],
  ])('%s: %s: %s', (name, expected, action, resource, keys) => {
    expect(allows(name, action, resource, keys)).toBe(expected)
  })
})
