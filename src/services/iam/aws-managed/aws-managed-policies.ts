import { allow, document, of, passedTo } from './policy-text.ts'
import { sageMakerFullAccess } from './sagemaker-full-access.ts'

/** A policy that every account has without creating it, at `arn:aws:iam::aws:policy` and its path and name. */
export interface AwsManagedPolicy {
  readonly name: string
  /** `/`, or `/service-role/` for those that are made for roles of a service. */
  readonly path: string
  readonly arn: string
  readonly id: string
  readonly description: string
  readonly document: string
}

/** When AWS-managed policies say they were made; the same everywhere, since they come with the program. */
export const AWS_MANAGED_CREATED = Date.UTC(2024, 0, 1)

const policy = (name: string, description: string, text: string, path = '/'): AwsManagedPolicy => ({
  name,
  path,
  arn: `arn:aws:iam::aws:policy${path}${name}`,
  id: `ANPAAWSMANAGED${name.toUpperCase().replace(/[^A-Z2-7]/g, '')}`,
  description,
  document: text,
})

const PULL = of('ecr', 'GetAuthorizationToken', 'BatchGetImage', 'GetDownloadUrlForLayer')
const READ_REPOSITORIES = of(
  'ecr',
  'GetAuthorizationToken',
  'BatchCheckLayerAvailability',
  'GetDownloadUrlForLayer',
  'GetRepositoryPolicy',
  'DescribeRepositories',
  'ListImages',
  'DescribeImages',
  'BatchGetImage',
  'GetLifecyclePolicy',
  'GetLifecyclePolicyPreview',
  'ListTagsForResource',
  'DescribeImageScanFindings',
)

/** What they allow is what AWS's reference of managed policies says, apart from ReadOnlyAccess: see there. */
export const awsManagedPolicies: readonly AwsManagedPolicy[] = [
  policy(
    'AWSKeyManagementServicePowerUser',
    'Making keys of KMS and looking at them, but neither using nor deleting them.',
    document(
      allow([
        ...of('kms', 'CreateAlias', 'CreateKey', 'DeleteAlias', 'Describe*', 'GenerateRandom', 'Get*', 'List*'),
        ...of('kms', 'TagResource', 'UntagResource'),
        ...of('iam', 'ListGroups', 'ListRoles', 'ListUsers'),
      ]),
    ),
  ),
  policy(
    'AWSLambdaBasicExecutionRole',
    'What a function needs to write its log.',
    document(allow(of('logs', 'CreateLogGroup', 'CreateLogStream', 'PutLogEvents'))),
    '/service-role/',
  ),
  policy(
    'AWSLambda_FullAccess',
    'Everything of Lambda, and what functions need around it: their logs, listing roles, handing a role to a function.',
    document(
      allow([
        ...of('cloudformation', 'DescribeStacks', 'ListStackResources'),
        ...of('cloudwatch', 'ListMetrics', 'GetMetricData'),
        ...of('ec2', 'DescribeSecurityGroups', 'DescribeSubnets', 'DescribeVpcs'),
        'kms:ListAliases',
        ...of('iam', 'GetPolicy', 'GetPolicyVersion', 'GetRole', 'GetRolePolicy'),
        ...of('iam', 'ListAttachedRolePolicies', 'ListRolePolicies', 'ListRoles'),
        'lambda:*',
        'logs:DescribeLogGroups',
        ...of('states', 'DescribeStateMachine', 'ListStateMachines'),
        'tag:GetResources',
        ...of('xray', 'GetTraceSummaries', 'BatchGetTraces'),
      ]),
      allow('iam:PassRole', '*', passedTo('lambda')),
      allow(
        of('logs', 'DescribeLogStreams', 'GetLogEvents', 'FilterLogEvents', 'StartLiveTail', 'StopLiveTail'),
        'arn:aws:logs:*:*:log-group:/aws/lambda/*',
      ),
    ),
  ),
  policy('AdministratorAccess', 'Everything.', document(allow('*'))),
  policy(
    'AmazonEC2ContainerRegistryFullAccess',
    'Everything of ECR.',
    document(
      allow(['ecr:*', 'cloudtrail:LookupEvents']),
      allow('iam:CreateServiceLinkedRole', '*', {
        Condition: { StringEquals: { 'iam:AWSServiceName': ['replication.ecr.amazonaws.com'] } },
      }),
    ),
  ),
  policy(
    'AmazonEC2ContainerRegistryPowerUser',
    'Pulling and pushing images, but neither deleting repositories nor changing their policies.',
    document(
      allow([
        ...READ_REPOSITORIES,
        ...of('ecr', 'InitiateLayerUpload', 'UploadLayerPart', 'CompleteLayerUpload', 'PutImage'),
      ]),
    ),
  ),
  policy(
    'AmazonEC2ContainerRegistryPullOnly',
    'Pulling images.',
    document(allow([...PULL, 'ecr:BatchImportUpstreamImage'])),
  ),
  policy(
    'AmazonEC2ContainerRegistryReadOnly',
    'Pulling images and looking at repositories.',
    document(allow(READ_REPOSITORIES)),
  ),
  policy('AmazonS3FullAccess', 'Everything of S3.', document(allow(['s3:*', 's3-object-lambda:*']))),
  policy(
    'AmazonS3ReadOnlyAccess',
    'Reading all buckets and objects.',
    document(allow([...of('s3', 'Get*', 'List*', 'Describe*'), ...of('s3-object-lambda', 'Get*', 'List*')])),
  ),
  policy(
    'AmazonSageMakerFullAccess',
    'Everything of SageMaker, and what its jobs and endpoints need of other services.',
    sageMakerFullAccess,
  ),
  policy(
    'AmazonSageMakerReadOnly',
    'Looking at everything of SageMaker.',
    document(
      allow([
        ...of('sagemaker', 'Describe*', 'List*', 'BatchGetMetrics', 'GetDeviceRegistration', 'GetDeviceFleetReport'),
        ...of('sagemaker', 'GetSearchSuggestions', 'BatchGetRecord', 'GetRecord', 'Search', 'QueryLineage'),
        ...of('sagemaker', 'GetLineageGroupPolicy', 'BatchDescribeModelPackage', 'GetModelPackageGroupPolicy'),
      ]),
      allow([
        ...of('application-autoscaling', 'DescribeScalableTargets', 'DescribeScalingActivities'),
        ...of('application-autoscaling', 'DescribeScalingPolicies', 'DescribeScheduledActions'),
        'aws-marketplace:ViewSubscriptions',
        'cloudwatch:DescribeAlarms',
        ...of('cognito-idp', 'DescribeUserPool', 'DescribeUserPoolClient', 'ListGroups', 'ListIdentityProviders'),
        ...of('cognito-idp', 'ListUserPoolClients', 'ListUserPools', 'ListUsers', 'ListUsersInGroup'),
        'ecr:Describe*',
      ]),
    ),
  ),
  policy(
    'CloudWatchFullAccess',
    'Everything of CloudWatch, CloudWatch Logs and SNS.',
    document(
      allow([
        ...['autoscaling:Describe*', 'cloudwatch:*', 'logs:*', 'sns:*', 'oam:ListSinks'],
        ...of('iam', 'GetPolicy', 'GetPolicyVersion', 'GetRole'),
      ]),
    ),
  ),
  policy(
    'CloudWatchFullAccessV2',
    'Everything of CloudWatch and CloudWatch Logs, and subscribing to topics.',
    document(
      allow([
        ...['application-autoscaling:DescribeScalingPolicies', 'application-signals:*'],
        ...of('autoscaling', 'DescribeAutoScalingGroups', 'DescribePolicies'),
        ...['cloudwatch:*', 'logs:*', 'rum:*', 'synthetics:*', 'xray:*', 'oam:ListSinks'],
        ...of('sns', 'CreateTopic', 'ListSubscriptions', 'ListSubscriptionsByTopic', 'ListTopics', 'Subscribe'),
        ...of('iam', 'GetPolicy', 'GetPolicyVersion', 'GetRole'),
      ]),
    ),
  ),
  policy(
    'CloudWatchLogsFullAccess',
    'Everything of CloudWatch Logs.',
    document(allow(['logs:*', 'cloudwatch:GenerateQuery'])),
  ),
  policy(
    'CloudWatchReadOnlyAccess',
    'Looking at everything of CloudWatch.',
    document(
      allow([
        'application-autoscaling:DescribeScalingPolicies',
        ...of('application-signals', 'BatchGet*', 'Get*', 'List*'),
        'autoscaling:Describe*',
        ...of('cloudwatch', 'BatchGet*', 'Describe*', 'GenerateQuery', 'Get*', 'List*'),
        ...of('logs', 'Get*', 'List*', 'StartQuery', 'StopQuery', 'Describe*', 'TestMetricFilter'),
        ...of('logs', 'FilterLogEvents', 'StartLiveTail', 'StopLiveTail'),
        'oam:ListSinks',
        ...of('sns', 'Get*', 'List*'),
        ...of('rum', 'BatchGet*', 'Get*', 'List*'),
        ...of('synthetics', 'Describe*', 'Get*', 'List*'),
        ...of('xray', 'BatchGet*', 'Get*', 'List*', 'StartTraceRetrieval', 'CancelTraceRetrieval'),
      ]),
    ),
  ),
  policy(
    'IAMFullAccess',
    'Everything of IAM, and looking at the organization.',
    document(
      allow([
        'iam:*',
        ...of('organizations', 'DescribeAccount', 'DescribeOrganization', 'DescribeOrganizationalUnit'),
        ...of('organizations', 'DescribePolicy', 'ListChildren', 'ListParents', 'ListPoliciesForTarget'),
        ...of('organizations', 'ListRoots', 'ListPolicies', 'ListTargetsForPolicy'),
      ]),
    ),
  ),
  // AWS's covers some three hundred services; this one the services that are here, and those around them.
  policy(
    'ReadOnlyAccess',
    'Reading in every service.',
    document(
      allow([
        'application-autoscaling:Describe*',
        ...of('cloudwatch', 'Describe*', 'Get*', 'List*'),
        ...of('ecr', 'BatchCheck*', 'BatchGet*', 'Describe*', 'Get*', 'List*'),
        ...of('iam', 'Generate*', 'Get*', 'List*', 'Simulate*'),
        ...of('kms', 'Describe*', 'Get*', 'List*'),
        ...of('lambda', 'Get*', 'List*'),
        ...of('logs', 'Describe*', 'FilterLogEvents', 'Get*', 'List*', 'StartQuery', 'StopQuery', 'TestMetricFilter'),
        ...of('s3', 'Describe*', 'Get*', 'List*'),
        ...of('sagemaker', 'BatchDescribe*', 'BatchGetMetrics', 'Describe*', 'GetDeviceFleetReport'),
        ...of('sagemaker', 'GetDeviceRegistration', 'GetLineageGroupPolicy', 'GetModelPackageGroupPolicy'),
        ...of('sagemaker', 'GetSearchSuggestions', 'List*', 'QueryLineage', 'Search'),
        ...of('sns', 'Get*', 'List*'),
        ...of('sts', 'GetAccessKeyInfo', 'GetCallerIdentity', 'GetSessionToken'),
        'tag:Get*',
      ]),
    ),
  ),
]

const byArn = new Map(awsManagedPolicies.map((entry) => [entry.arn, entry]))

export const findAwsManagedPolicy = (arn: string): AwsManagedPolicy | undefined => byArn.get(arn)
