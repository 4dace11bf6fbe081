import { sageMakerFullAccess } from './sagemaker-full-access.ts'

/** A policy that every account has without creating it, at `arn:aws:iam::aws:policy/NAME`. */
export interface AwsManagedPolicy {
  readonly name: string
  readonly arn: string
  readonly id: string
  readonly description: string
  readonly document: string
}

/** When AWS-managed policies say they were made; the same everywhere, since they come with the program. */
export const AWS_MANAGED_CREATED = Date.UTC(2024, 0, 1)

const allow = (action: string | readonly string[], resource: string | readonly string[] = '*') => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: action, Resource: resource }],
})

const policy = (name: string, id: string, description: string, document: unknown): AwsManagedPolicy => ({
  name,
  arn: `arn:aws:iam::aws:policy/${name}`,
  id,
  description,
  document: JSON.stringify(document, null, 2),
})

export const awsManagedPolicies: readonly AwsManagedPolicy[] = [
  policy(
    'AWSLambda_FullAccess',
    'ANPASLIPWAYLAMBDAFULL',
    'Everything of Lambda, and what functions need around it: logs, listing roles, handing a role to a function.',
    {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: [
            'lambda:*',
            'logs:DescribeLogGroups',
            'logs:DescribeLogStreams',
            'logs:FilterLogEvents',
            'logs:GetLogEvents',
            'iam:GetPolicy',
            'iam:GetPolicyVersion',
            'iam:GetRole',
            'iam:GetRolePolicy',
            'iam:ListAttachedRolePolicies',
            'iam:ListRolePolicies',
            'iam:ListRoles',
          ],
          Resource: '*',
        },
        {
          Effect: 'Allow',
          Action: 'iam:PassRole',
          Resource: '*',
          Condition: { StringEquals: { 'iam:PassedToService': 'lambda.amazonaws.com' } },
        },
      ],
    },
  ),
  policy('AdministratorAccess', 'ANPASLIPWAYADMINISTRATOR', 'Everything.', allow('*')),
  policy('AmazonS3FullAccess', 'ANPASLIPWAYSTHREEFULL', 'Everything of S3.', allow('s3:*')),
  policy(
    'AmazonSageMakerFullAccess',
    'ANPASLIPWAYSAGEMAKERFULL',
    'Everything of SageMaker, and what its jobs and endpoints need of other services.',
    sageMakerFullAccess,
  ),
  policy(
    'ReadOnlyAccess',
    'ANPASLIPWAYREADONLY',
    'Reading in every service.',
    allow([
      'iam:Get*',
      'iam:List*',
      'iam:Simulate*',
      'lambda:Get*',
      'lambda:List*',
      'logs:Describe*',
      'logs:FilterLogEvents',
      'logs:Get*',
      'logs:List*',
      's3:Get*',
      's3:List*',
      'sagemaker:BatchDescribe*',
      'sagemaker:BatchGet*',
      'sagemaker:Describe*',
      'sagemaker:Get*',
      'sagemaker:List*',
      'sagemaker:Search',
      'sts:GetAccessKeyInfo',
      'sts:GetCallerIdentity',
    ]),
  ),
]

const byArn = new Map(awsManagedPolicies.map((entry) => [entry.arn, entry]))

export const findAwsManagedPolicy = (arn: string): AwsManagedPolicy | undefined => byArn.get(arn)
