const NAMED_FOR_SAGEMAKER = ['SageMaker', 'Sagemaker', 'sagemaker']

/**
 * AmazonSageMakerFullAccess: buckets, objects, repositories and functions of other services are open as far as their
 * names say that they are for SageMaker.
 */
export const sageMakerFullAccess = {
  Version: '2012-10-17',
  Statement: [
    { Sid: 'SageMaker', Effect: 'Allow', Action: 'sagemaker:*', Resource: '*' },
    {
      Sid: 'Surroundings',
      Effect: 'Allow',
      Action: [
        'cloudwatch:GetMetricData',
        'cloudwatch:ListMetrics',
        'cloudwatch:PutMetricData',
        'ec2:CreateNetworkInterface',
        'ec2:CreateNetworkInterfacePermission',
        'ec2:DeleteNetworkInterface',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeSecurityGroups',
        'ec2:DescribeSubnets',
        'ec2:DescribeVpcs',
        'ecr:BatchCheckLayerAvailability',
        'ecr:BatchGetImage',
        'ecr:DescribeImages',
        'ecr:DescribeRepositories',
        'ecr:GetAuthorizationToken',
        'ecr:GetDownloadUrlForLayer',
        'iam:ListRoles',
        'kms:DescribeKey',
        'kms:ListAliases',
        'lambda:ListFunctions',
        'logs:CreateLogGroup',
        'logs:CreateLogStream',
        'logs:DescribeLogGroups',
        'logs:DescribeLogStreams',
        'logs:FilterLogEvents',
        'logs:GetLogEvents',
        'logs:PutLogEvents',
      ],
      Resource: '*',
    },
    {
      Sid: 'Repositories',
      Effect: 'Allow',
      Action: [
        'ecr:BatchDeleteImage',
        'ecr:CompleteLayerUpload',
        'ecr:CreateRepository',
        'ecr:InitiateLayerUpload',
        'ecr:PutImage',
        'ecr:UploadLayerPart',
      ],
      Resource: 'arn:aws:ecr:*:*:repository/*sagemaker*',
    },
    {
      Sid: 'Objects',
      Effect: 'Allow',
      Action: ['s3:AbortMultipartUpload', 's3:DeleteObject', 's3:GetObject', 's3:PutObject'],
      Resource: [...NAMED_FOR_SAGEMAKER, 'aws-glue'].map((name) => `arn:aws:s3:::*${name}*`),
    },
    {
      Sid: 'TaggedObjects',
      Effect: 'Allow',
      Action: 's3:GetObject',
      Resource: 'arn:aws:s3:::*',
      Condition: { StringEqualsIgnoreCase: { 's3:ExistingObjectTag/SageMaker': 'true' } },
    },
    {
      Sid: 'Buckets',
      Effect: 'Allow',
      Action: [
        's3:CreateBucket',
        's3:GetBucketCors',
        's3:GetBucketLocation',
        's3:ListAllMyBuckets',
        's3:ListBucket',
        's3:PutBucketCors',
      ],
      Resource: '*',
    },
    {
      Sid: 'Functions',
      Effect: 'Allow',
      Action: 'lambda:InvokeFunction',
      Resource: [...NAMED_FOR_SAGEMAKER, 'LabelingFunction'].map((name) => `arn:aws:lambda:*:*:function:*${name}*`),
    },
    {
      Sid: 'Roles',
      Effect: 'Allow',
      Action: 'iam:PassRole',
      Resource: 'arn:aws:iam::*:role/*',
      Condition: { StringEquals: { 'iam:PassedToService': 'sagemaker.amazonaws.com' } },
    },
    {
      Sid: 'ExecutionRoles',
      Effect: 'Allow',
      Action: 'iam:GetRole',
      Resource: '*',
    },
  ],
}
