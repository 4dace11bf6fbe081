import { describe, expect, it } from 'vitest'
import { loadService, type ServiceId } from '../model/service-description.ts'
import type { AuthorizationTable } from './authorization.ts'
import { cloudwatchAuthorization } from './cloudwatch/authorization.ts'
import { ecrAuthorization } from './ecr/authorization.ts'
import { createIamAuthorization } from './iam/authorization.ts'
import { kmsAuthorization } from './kms/authorization.ts'
import { lambdaAuthorization } from './lambda/authorization.ts'
import { logsAuthorization } from './logs/authorization.ts'
import type { RequestContext } from './operation.ts'
import { s3Authorization } from './s3/authorization.ts'
import { sagemakerAuthorization } from './sagemaker/authorization.ts'
import { snsAuthorization } from './sns/authorization.ts'
import { sqsAuthorization } from './sqs/authorization.ts'
import { stsAuthorization } from './sts/authorization.ts'

/** Rows about roles, users and groups that exist look them up; their own tests ask those. */
const iamAuthorization = createIamAuthorization({ database: undefined as never })

const TABLES: readonly (readonly [ServiceId, AuthorizationTable])[] = [
  ['sagemaker', sagemakerAuthorization],
  ['s3', s3Authorization],
  ['lambda', lambdaAuthorization],
  ['iam', iamAuthorization],
  ['sts', stsAuthorization],
  ['logs', logsAuthorization],
  ['ecr', ecrAuthorization],
  ['kms', kmsAuthorization],
  ['cloudwatch', cloudwatchAuthorization],
  ['sns', snsAuthorization],
  ['sqs', sqsAuthorization],
]

const ACCOUNT = '123456789012'
const ROLE = `arn:aws:iam::${ACCOUNT}:role/R`
const context = {
  account: ACCOUNT,
  region: 'eu-west-1',
  principal: { arn: `arn:aws:iam::${ACCOUNT}:user/u` },
  origin: { requestId: 'r', now: 0, region: 'eu-west-1' },
} as RequestContext

/** The needs of an operation, as `action resource` in order. */
async function needs(table: AuthorizationTable, operation: string, input: object): Promise<string[]> {
  return (await table[operation]!(input as never, context)).map(({ action, resource }) => `${action} ${resource}`)
}

describe.each(TABLES)('what operations of %s need', (id, table) => {
  it('is known for every operation that is described, and for no other', () => {
    const described = [...loadService(id).operations.values()].filter((operation) => operation.implemented)
    expect(Object.keys(table).sort()).toEqual(described.map(({ name }) => name).sort())
  })
})

describe('the needs', () => {
  const sagemaker = `arn:aws:sagemaker:eu-west-1:${ACCOUNT}`
  const foreign = 'arn:aws:sagemaker:eu-west-1:222222222222:model-package/g/3'

  it.each<readonly [AuthorizationTable, string, object, readonly string[]]>([
    [
      cloudwatchAuthorization,
      'PutMetricAlarm',
      { AlarmName: 'high', AlarmActions: ['arn:aws:sns:eu-west-1:1:t'], Tags: [{ Key: 'k', Value: 'v' }] },
      [
        `cloudwatch:PutMetricAlarm arn:aws:cloudwatch:eu-west-1:${ACCOUNT}:alarm:high`,
        `cloudwatch:TagResource arn:aws:cloudwatch:eu-west-1:${ACCOUNT}:alarm:high`,
      ],
    ],
    [
      cloudwatchAuthorization,
      'DeleteAlarms',
      { AlarmNames: ['a', 'b'] },
      ['a', 'b'].map((name) => `cloudwatch:DeleteAlarms arn:aws:cloudwatch:eu-west-1:${ACCOUNT}:alarm:${name}`),
    ],
    [cloudwatchAuthorization, 'PutMetricData', { Namespace: 'app' }, ['cloudwatch:PutMetricData *']],
    [
      sagemakerAuthorization,
      'CreateModel',
      {
        ModelName: 'M',
        ExecutionRoleArn: ROLE,
        Containers: [{ ModelPackageName: foreign }],
        Tags: [{ Key: 'k', Value: 'v' }],
      },
      [
        `sagemaker:CreateModel ${sagemaker}:model/m`,
        `sagemaker:AddTags ${sagemaker}:model/m`,
        `sagemaker:CreateModel ${foreign}`,
        `iam:PassRole ${ROLE}`,
      ],
    ],
    [
      sagemakerAuthorization,
      'CreateModelPackage',
      { ModelPackageGroupName: 'G' },
      [`sagemaker:CreateModelPackage ${sagemaker}:model-package/g/*`],
    ],
    [
      sagemakerAuthorization,
      'CreateModelPackage',
      { ModelPackageGroupName: 'arn:aws:sagemaker:eu-west-1:222222222222:model-package-group/g' },
      ['sagemaker:CreateModelPackage arn:aws:sagemaker:eu-west-1:222222222222:model-package/g/*'],
    ],
    [
      sagemakerAuthorization,
      'CreateEndpoint',
      { EndpointName: 'E', EndpointConfigName: 'C' },
      [`sagemaker:CreateEndpoint ${sagemaker}:endpoint/e`, `sagemaker:CreateEndpoint ${sagemaker}:endpoint-config/c`],
    ],
    [sagemakerAuthorization, 'ListEndpoints', {}, ['sagemaker:ListEndpoints *']],
    [
      s3Authorization,
      'CopyObject',
      { Bucket: 'b', Key: 'k', CopySource: '/from/a%20key?versionId=null' },
      ['s3:GetObjectVersion arn:aws:s3:::from/a key', 's3:PutObject arn:aws:s3:::b/k'],
    ],
    [
      s3Authorization,
      'CopyObject',
      { Bucket: 'b', Key: 'k', CopySource: 'from/open?secret', Tagging: 'a=b' },
      [
        's3:GetObject arn:aws:s3:::from/open?secret',
        's3:PutObject arn:aws:s3:::b/k',
        's3:PutObjectTagging arn:aws:s3:::b/k',
      ],
    ],
    [s3Authorization, 'DeleteObjects', { Bucket: 'b', Delete: { Objects: [{ Key: 'x' }, { Key: 'y' }] } }, []],
    [
      s3Authorization,
      'CreateBucket',
      {
        Bucket: 'b',
        ObjectOwnership: 'BucketOwnerEnforced',
        CreateBucketConfiguration: { Tags: [{ Key: 'k', Value: 'v' }] },
      },
      [
        's3:CreateBucket arn:aws:s3:::b',
        's3:PutBucketOwnershipControls arn:aws:s3:::b',
        's3:TagResource arn:aws:s3:::b',
      ],
    ],
    [s3Authorization, 'ListBuckets', {}, ['s3:ListAllMyBuckets arn:aws:s3:::*']],
    [
      s3Authorization,
      'DeleteObject',
      { Bucket: 'b', Key: 'k', VersionId: 'null' },
      ['s3:DeleteObjectVersion arn:aws:s3:::b/k'],
    ],
    [
      lambdaAuthorization,
      'Invoke',
      { FunctionName: 'arn:aws:lambda:us-east-1:222222222222:function:f' },
      ['lambda:InvokeFunction arn:aws:lambda:us-east-1:222222222222:function:f'],
    ],
    ...['UpdateFunctionCode', 'UpdateFunctionConfiguration', 'DeleteFunction', 'RemovePermission'].map(
      (operation) =>
        [
          lambdaAuthorization,
          operation,
          { FunctionName: 'f:$LATEST' },
          [`lambda:${operation} arn:aws:lambda:eu-west-1:${ACCOUNT}:function:f`],
        ] as const,
    ),
    [
      lambdaAuthorization,
      'CreateFunction',
      { FunctionName: 'f', Role: ROLE },
      [`lambda:CreateFunction arn:aws:lambda:eu-west-1:${ACCOUNT}:function:f`, `iam:PassRole ${ROLE}`],
    ],
    [
      iamAuthorization,
      'CreateRole',
      { RoleName: 'r', Path: '/team/' },
      [`iam:CreateRole arn:aws:iam::${ACCOUNT}:role/team/r`],
    ],
    [
      ecrAuthorization,
      'ListTagsForResource',
      { resourceArn: `arn:aws-cn:ecr:eu-west-1:${ACCOUNT}:repository/r/x` },
      [`ecr:ListTagsForResource arn:aws:ecr:eu-west-1:${ACCOUNT}:repository/r/x`],
    ],
    [
      logsAuthorization,
      'DescribeLogStreams',
      { logGroupIdentifier: `arn:aws-cn:logs:eu-west-1:${ACCOUNT}:log-group:/g` },
      [`logs:DescribeLogStreams arn:aws:logs:eu-west-1:${ACCOUNT}:log-group:/g:*`],
    ],
    [
      logsAuthorization,
      'ListTagsForResource',
      { resourceArn: `arn:aws-cn:logs:eu-west-1:${ACCOUNT}:log-group:/g:*` },
      [`logs:ListTagsForResource arn:aws:logs:eu-west-1:${ACCOUNT}:log-group:/g`],
    ],
    [stsAuthorization, 'GetCallerIdentity', {}, []],
    [
      logsAuthorization,
      'GetLogEvents',
      { logGroupName: '/g', logStreamName: 's' },
      [`logs:GetLogEvents arn:aws:logs:eu-west-1:${ACCOUNT}:log-group:/g:log-stream:s`],
    ],
  ])('%#: %s', async (table, operation, input, expected) => {
    expect(await needs(table, operation, input)).toEqual(expected)
  })
})
