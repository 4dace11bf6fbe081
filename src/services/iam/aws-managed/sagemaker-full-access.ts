// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables look like that
import { type AllowStatement, allow, document, of, passedTo } from './policy-text.ts'

const NAMED = ['SageMaker', 'Sagemaker', 'sagemaker']
const named = (before: string, after = '*', more: readonly string[] = []): readonly string[] =>
  [...NAMED, ...more].map((name) => `${before}*${name}${after}`)
const resources = (...kinds: readonly string[]): readonly string[] =>
  kinds.map((kind) => `arn:aws:sagemaker:*:*:${kind}/*`)

const SHARED = { 'sagemaker:SpaceSharingType': ['Shared'] }
const PRIVATE_OR_SHARED = { 'sagemaker:SpaceSharingType': ['Private', 'Shared'] }
const PRIVATE = { 'sagemaker:SpaceSharingType': ['Private'] }
const NO_OWNER = { Null: { 'sagemaker:OwnerUserProfileArn': 'true' } }
const OWNER = {
  'sagemaker:OwnerUserProfileArn':
    'arn:aws:sagemaker:*:*:user-profile/${sagemaker:DomainId}/${sagemaker:UserProfileName}',
}
const SPACES = 'arn:aws:sagemaker:*:*:space/${sagemaker:DomainId}/*'
const SPACE_APPS = 'arn:aws:sagemaker:*:*:app/${sagemaker:DomainId}/*/*/*'
const WRITE_SPACES = of('sagemaker', 'CreateSpace', 'UpdateSpace', 'DeleteSpace')
const WRITE_APPS = of('sagemaker', 'CreateApp', 'DeleteApp')

const OWN_ACTIONS: readonly AllowStatement[] = [
  {
    Sid: 'AllowAllNonAdminSageMakerActions',
    Effect: 'Allow',
    Action: ['sagemaker:*', 'sagemaker-geospatial:*'],
    NotResource: resources(
      'domain',
      'user-profile',
      'app',
      'space',
      'partner-app',
      'flow-definition',
      'training-plan',
      'reserved-capacity',
    ),
  },
  allow('sagemaker:AddTags', resources('space'), {
    Sid: 'AllowAddTagsForSpace',
    Condition: { StringEquals: { 'sagemaker:TaggingAction': 'CreateSpace' } },
  }),
  allow('sagemaker:AddTags', resources('app'), { Sid: 'AllowAddTagsForApp' }),
  allow(
    of('sagemaker', 'CreateTrainingJob', 'CreateCluster', 'UpdateCluster', 'DescribeTrainingPlan'),
    resources('training-plan', 'reserved-capacity'),
    { Sid: 'AllowUseOfTrainingPlanResources' },
  ),
  allow(
    of(
      'sagemaker',
      'CreatePresignedDomainUrl',
      'DescribeDomain',
      'ListDomains',
      'DescribeUserProfile',
      'ListUserProfiles',
      'DescribeSpace',
      'ListSpaces',
      'DescribeApp',
      'ListApps',
    ),
    '*',
    { Sid: 'AllowStudioActions' },
  ),
  allow(WRITE_APPS, 'arn:aws:sagemaker:*:*:app/*/*/*/*', {
    Sid: 'AllowAppActionsForUserProfile',
    Condition: NO_OWNER,
  }),
  allow(WRITE_APPS, SPACE_APPS, { Sid: 'AllowAppActionsForSharedSpaces', Condition: { StringEquals: SHARED } }),
  allow(WRITE_SPACES, SPACES, {
    Sid: 'AllowMutatingActionsOnSharedSpacesWithoutOwner',
    Condition: NO_OWNER,
  }),
  allow(WRITE_SPACES, SPACES, {
    Sid: 'RestrictMutatingActionsOnSpacesToOwnerUserProfile',
    Condition: { ArnLike: OWNER, StringEquals: PRIVATE_OR_SHARED },
  }),
  allow(WRITE_APPS, SPACE_APPS, {
    Sid: 'RestrictMutatingActionsOnPrivateSpaceAppsToOwnerUserProfile',
    Condition: { ArnLike: OWNER, StringEquals: PRIVATE },
  }),
  allow('sagemaker:*', resources('flow-definition'), {
    Sid: 'AllowFlowDefinitionActions',
    Condition: { StringEqualsIfExists: { 'sagemaker:WorkteamType': ['private-crowd', 'vendor-crowd'] } },
  }),
  allow('sagemaker:ListTags', resources('user-profile'), { Sid: 'AllowListTagsForUserProfile' }),
]

const SERVICE_ACTIONS = allow(
  [
    ...of(
      'application-autoscaling',
      'DeleteScalingPolicy',
      'DeleteScheduledAction',
      'DeregisterScalableTarget',
      'DescribeScalableTargets',
      'DescribeScalingActivities',
      'DescribeScalingPolicies',
      'DescribeScheduledActions',
      'PutScalingPolicy',
      'PutScheduledAction',
      'RegisterScalableTarget',
    ),
    'aws-marketplace:ViewSubscriptions',
    'cloudformation:GetTemplateSummary',
    ...of(
      'cloudwatch',
      'DeleteAlarms',
      'DescribeAlarms',
      'GetMetricData',
      'GetMetricStatistics',
      'ListMetrics',
      'PutMetricAlarm',
      'PutMetricData',
    ),
    ...of('codecommit', 'BatchGetRepositories', 'CreateRepository', 'GetRepository', 'List*'),
    ...of(
      'cognito-idp',
      'AdminAddUserToGroup',
      'AdminCreateUser',
      'AdminDeleteUser',
      'AdminDisableUser',
      'AdminEnableUser',
      'AdminRemoveUserFromGroup',
      'CreateGroup',
      'CreateUserPool',
      'CreateUserPoolClient',
      'CreateUserPoolDomain',
      'DescribeUserPool',
      'DescribeUserPoolClient',
      'List*',
      'UpdateUserPool',
      'UpdateUserPoolClient',
    ),
    ...of(
      'ec2',
      'CreateNetworkInterface',
      'CreateNetworkInterfacePermission',
      'CreateVpcEndpoint',
      'DeleteNetworkInterface',
      'DeleteNetworkInterfacePermission',
      'DescribeDhcpOptions',
      'DescribeNetworkInterfaces',
      'DescribeRouteTables',
      'DescribeSecurityGroups',
      'DescribeSubnets',
      'DescribeVpcEndpoints',
      'DescribeVpcs',
    ),
    ...of(
      'ecr',
      'BatchCheckLayerAvailability',
      'BatchGetImage',
      'CreateRepository',
      'Describe*',
      'GetAuthorizationToken',
      'GetDownloadUrlForLayer',
      'StartImageScan',
    ),
    ...of('elasticfilesystem', 'DescribeFileSystems', 'DescribeMountTargets'),
    'fsx:DescribeFileSystems',
    ...of(
      'glue',
      'CreateJob',
      'DeleteJob',
      'GetJob*',
      'GetTable*',
      'GetWorkflowRun',
      'ResetJobBookmark',
      'StartJobRun',
      'StartWorkflowRun',
      'UpdateJob',
    ),
    'groundtruthlabeling:*',
    'iam:ListRoles',
    ...of('kms', 'DescribeKey', 'ListAliases'),
    'lambda:ListFunctions',
    ...of(
      'logs',
      'CreateLogDelivery',
      'CreateLogGroup',
      'CreateLogStream',
      'DeleteLogDelivery',
      'Describe*',
      'GetLogDelivery',
      'GetLogEvents',
      'ListLogDeliveries',
      'PutLogEvents',
      'PutResourcePolicy',
      'UpdateLogDelivery',
    ),
    ...of(
      'robomaker',
      'CreateSimulationApplication',
      'DescribeSimulationApplication',
      'DeleteSimulationApplication',
      'CreateSimulationJob',
      'DescribeSimulationJob',
      'CancelSimulationJob',
    ),
    'secretsmanager:ListSecrets',
    ...of(
      'servicecatalog',
      'Describe*',
      'List*',
      'ScanProvisionedProducts',
      'SearchProducts',
      'SearchProvisionedProducts',
    ),
    'sns:ListTopics',
    'tag:GetResources',
  ],
  '*',
  { Sid: 'AllowAWSServiceActions' },
)

/** What other services let it do as far as a name says that something is for SageMaker. */
const BY_NAME: readonly AllowStatement[] = [
  allow(
    of(
      'ecr',
      'SetRepositoryPolicy',
      'CompleteLayerUpload',
      'BatchDeleteImage',
      'UploadLayerPart',
      'DeleteRepositoryPolicy',
      'InitiateLayerUpload',
      'DeleteRepository',
      'PutImage',
    ),
    ['arn:aws:ecr:*:*:repository/*sagemaker*'],
    { Sid: 'AllowECRActions' },
  ),
  allow(of('codecommit', 'GitPull', 'GitPush'), named('arn:aws:codecommit:*:*:'), { Sid: 'AllowCodeCommitActions' }),
  allow(
    of('codebuild', 'BatchGetBuilds', 'StartBuild'),
    ['arn:aws:codebuild:*:*:project/sagemaker*', 'arn:aws:codebuild:*:*:build/*'],
    { Sid: 'AllowCodeBuildActions' },
  ),
  allow(
    of('states', 'DescribeExecution', 'GetExecutionHistory', 'StartExecution', 'StopExecution', 'UpdateStateMachine'),
    ['arn:aws:states:*:*:statemachine:*sagemaker*', 'arn:aws:states:*:*:execution:*sagemaker*:*'],
    { Sid: 'AllowStepFunctionsActions' },
  ),
  allow(
    of('secretsmanager', 'DescribeSecret', 'GetSecretValue', 'CreateSecret'),
    ['arn:aws:secretsmanager:*:*:secret:AmazonSageMaker-*'],
    { Sid: 'AllowSecretManagerActions' },
  ),
  allow(of('secretsmanager', 'DescribeSecret', 'GetSecretValue'), '*', {
    Sid: 'AllowReadOnlySecretManagerActions',
    Condition: { StringEquals: { 'secretsmanager:ResourceTag/SageMaker': 'true' } },
  }),
  allow('servicecatalog:ProvisionProduct', '*', { Sid: 'AllowServiceCatalogProvisionProduct' }),
  allow(of('servicecatalog', 'TerminateProvisionedProduct', 'UpdateProvisionedProduct'), '*', {
    Sid: 'AllowServiceCatalogTerminateUpdateProvisionProduct',
    Condition: { StringEquals: { 'servicecatalog:userLevel': 'self' } },
  }),
  allow(of('sns', 'Subscribe', 'CreateTopic', 'Publish'), named('arn:aws:sns:*:*:'), { Sid: 'AllowSNSActions' }),
  allow('lambda:InvokeFunction', named('arn:aws:lambda:*:*:function:', '*', ['LabelingFunction']), {
    Sid: 'AllowLambdaInvokeFunction',
  }),
]

const STORAGE: readonly AllowStatement[] = [
  allow(
    of('s3', 'GetObject', 'PutObject', 'DeleteObject', 'AbortMultipartUpload'),
    named('arn:aws:s3:::', '*', ['aws-glue']),
    { Sid: 'AllowS3ObjectActions' },
  ),
  allow('s3:GetObject', ['arn:aws:s3:::*'], {
    Sid: 'AllowS3GetObjectWithSageMakerExistingObjectTag',
    Condition: { StringEqualsIgnoreCase: { 's3:ExistingObjectTag/SageMaker': 'true' } },
  }),
  allow('s3:GetObject', ['arn:aws:s3:::*'], {
    Sid: 'AllowS3GetObjectWithServiceCatalogProvisioningExistingObjectTag',
    Condition: { StringEquals: { 's3:ExistingObjectTag/servicecatalog:provisioning': 'true' } },
  }),
  allow(
    of('s3', 'CreateBucket', 'GetBucketLocation', 'ListBucket', 'ListAllMyBuckets', 'GetBucketCors', 'PutBucketCors'),
    '*',
    { Sid: 'AllowS3BucketActions' },
  ),
  allow(of('s3', 'GetBucketAcl', 'PutObjectAcl'), named('arn:aws:s3:::'), { Sid: 'AllowS3BucketACL' }),
  allow('s3express:CreateSession', named('arn:aws:s3express:*:*:bucket/', '*', ['aws-glue']), {
    Sid: 'AllowS3ExpressObjectActions',
    Condition: { StringEquals: { 'aws:ResourceAccount': '${aws:PrincipalAccount}' } },
  }),
  allow('s3express:CreateBucket', named('arn:aws:s3express:*:*:bucket/'), {
    Sid: 'AllowS3ExpressCreateBucketActions',
    Condition: { StringEquals: { 'aws:ResourceAccount': '${aws:PrincipalAccount}' } },
  }),
  allow('s3express:ListAllMyDirectoryBuckets', '*', { Sid: 'AllowS3ExpressListBucketActions' }),
]

const SCALING = 'sagemaker.application-autoscaling.amazonaws.com'

const ROLES: readonly AllowStatement[] = [
  allow(
    'iam:CreateServiceLinkedRole',
    `arn:aws:iam::*:role/aws-service-role/${SCALING}/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint`,
    {
      Sid: 'AllowCreateServiceLinkedRoleForSageMakerApplicationAutoscaling',
      Condition: { StringLike: { 'iam:AWSServiceName': SCALING } },
    },
  ),
  allow('iam:CreateServiceLinkedRole', '*', {
    Sid: 'AllowCreateServiceLinkedRoleForRobomaker',
    Condition: { StringEquals: { 'iam:AWSServiceName': 'robomaker.amazonaws.com' } },
  }),
  allow('iam:PassRole', 'arn:aws:iam::*:role/*AmazonSageMaker*', {
    Sid: 'AllowPassRoleForSageMakerRoles',
    ...passedTo('glue', 'robomaker', 'states'),
  }),
  allow('iam:PassRole', 'arn:aws:iam::*:role/*', { Sid: 'AllowPassRoleToSageMaker', ...passedTo('sagemaker') }),
]

const glue = (...names: readonly string[]): readonly string[] => names.map((name) => `arn:aws:glue:*:*:${name}`)

const ANALYTICS: readonly AllowStatement[] = [
  allow(
    of(
      'athena',
      'ListDataCatalogs',
      'ListDatabases',
      'ListTableMetadata',
      'GetQueryExecution',
      'GetQueryResults',
      'StartQueryExecution',
      'StopQueryExecution',
    ),
    '*',
    { Sid: 'AllowAthenaActions' },
  ),
  allow(
    'glue:CreateTable',
    glue('table/*/sagemaker_tmp_*', 'table/sagemaker_featurestore/*', 'catalog', 'database/*'),
    { Sid: 'AllowGlueCreateTable' },
  ),
  allow('glue:UpdateTable', glue('table/sagemaker_featurestore/*', 'catalog', 'database/sagemaker_featurestore'), {
    Sid: 'AllowGlueUpdateTable',
  }),
  allow('glue:DeleteTable', glue('table/*/sagemaker_tmp_*', 'catalog', 'database/*'), { Sid: 'AllowGlueDeleteTable' }),
  allow(of('glue', 'GetDatabases', 'GetTable', 'GetTables'), glue('table/*', 'catalog', 'database/*'), {
    Sid: 'AllowGlueGetTablesAndDatabases',
  }),
  allow(
    of('glue', 'CreateDatabase', 'GetDatabase'),
    glue(
      'catalog',
      'database/sagemaker_featurestore',
      'database/sagemaker_processing',
      'database/default',
      'database/sagemaker_data_wrangler',
    ),
    { Sid: 'AllowGlueGetAndCreateDatabase' },
  ),
  allow(
    of(
      'redshift-data',
      'ExecuteStatement',
      'DescribeStatement',
      'CancelStatement',
      'GetStatementResult',
      'ListSchemas',
      'ListTables',
    ),
    '*',
    { Sid: 'AllowRedshiftDataActions' },
  ),
  allow(
    'redshift:GetClusterCredentials',
    ['arn:aws:redshift:*:*:dbuser:*/sagemaker_access*', 'arn:aws:redshift:*:*:dbname:*'],
    { Sid: 'AllowRedshiftGetClusterCredentials' },
  ),
  allow('cloudformation:ListStackResources', 'arn:aws:cloudformation:*:*:stack/SC-*', {
    Sid: 'AllowCloudformationListStackResources',
  }),
]

/**
 * AmazonSageMakerFullAccess, version 27 (SageMaker Developer Guide, "AWS managed policies for Amazon SageMaker AI"): a
 * role may read objects only in buckets, and invoke only functions, whose names say that they are for SageMaker, and may
 * hand roles to SageMaker alone.
 */
export const sageMakerFullAccess = document(
  ...OWN_ACTIONS,
  SERVICE_ACTIONS,
  ...BY_NAME,
  ...STORAGE,
  ...ROLES,
  ...ANALYTICS,
)
