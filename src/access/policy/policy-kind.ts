/**
 * What a document is for. `identity`: of a user, group, role or session, or a permissions boundary; `trust`: who may
 * assume a role; `bucket`, `key`, `repository`, `group`, `topic`, `queue`: of an S3 bucket, a KMS key, an ECR repository, a
 * SageMaker model package group, an SNS topic, an SQS queue.
 */
export type PolicyKind = 'identity' | 'trust' | 'bucket' | 'key' | 'repository' | 'group' | 'topic' | 'queue'

interface KindRules {
  readonly versions: readonly (string | undefined)[]
  readonly namesPrincipals: boolean
  readonly resources: 'required' | 'optional' | 'forbidden'
  /** Actions belong to this service; `*` does too. */
  readonly service?: string
}

const ANY_VERSION = ['2012-10-17', '2008-10-17', undefined]

export const KIND_RULES: Readonly<Record<PolicyKind, KindRules>> = {
  identity: { versions: ['2012-10-17'], namesPrincipals: false, resources: 'required' },
  trust: { versions: ANY_VERSION, namesPrincipals: true, resources: 'forbidden', service: 'sts' },
  bucket: { versions: ANY_VERSION, namesPrincipals: true, resources: 'required', service: 's3' },
  key: { versions: ANY_VERSION, namesPrincipals: true, resources: 'required', service: 'kms' },
  repository: { versions: ANY_VERSION, namesPrincipals: true, resources: 'optional', service: 'ecr' },
  group: { versions: ANY_VERSION, namesPrincipals: true, resources: 'required', service: 'sagemaker' },
  topic: { versions: ANY_VERSION, namesPrincipals: true, resources: 'required', service: 'sns' },
  queue: { versions: ANY_VERSION, namesPrincipals: true, resources: 'required', service: 'sqs' },
}

/** Where a policy is kept, which decides how large it may be. */
export type PolicyPlace =
  | 'managed-policy'
  | 'user-inline'
  | 'group-inline'
  | 'role-inline'
  | 'trust'
  | 'session'
  | 'bucket'
  | 'key'
  | 'repository'
  | 'model-package-group'
  | 'topic'
  | 'queue'

interface SizeLimit {
  readonly maximum: number
  /** IAM counts characters without white space, and inline policies of one identity together; the others all bytes. */
  readonly counts: 'characters-without-space' | 'bytes'
}

const CHARACTERS = 'characters-without-space'

/** The quotas of the IAM, S3, KMS, ECR, SageMaker, SNS and SQS references. A trust policy may be raised to 4,096 in AWS. */
export const SIZE_LIMITS: Readonly<Record<PolicyPlace, SizeLimit>> = {
  'managed-policy': { maximum: 6_144, counts: CHARACTERS },
  'user-inline': { maximum: 2_048, counts: CHARACTERS },
  'group-inline': { maximum: 5_120, counts: CHARACTERS },
  'role-inline': { maximum: 10_240, counts: CHARACTERS },
  trust: { maximum: 4_096, counts: CHARACTERS },
  session: { maximum: 2_048, counts: CHARACTERS },
  bucket: { maximum: 20_480, counts: 'bytes' },
  key: { maximum: 32_768, counts: 'bytes' },
  repository: { maximum: 10_240, counts: 'bytes' },
  'model-package-group': { maximum: 20_480, counts: 'bytes' },
  topic: { maximum: 30_720, counts: 'bytes' },
  queue: { maximum: 32_768, counts: 'bytes' },
}

/** How much of its limit a document takes. */
export const policySize = (place: PolicyPlace, text: string): number =>
  SIZE_LIMITS[place].counts === 'bytes' ? Buffer.byteLength(text) : text.replace(/\s/g, '').length

export const isTooLarge = (place: PolicyPlace, text: string): boolean =>
  policySize(place, text) > SIZE_LIMITS[place].maximum
