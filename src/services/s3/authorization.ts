import type { S3Operation, S3Operations } from '../../model/generated/s3.ts'
import type { AccessNeed, AuthorizationTable, NeedsOf } from '../authorization.ts'
import type { RequestContext } from '../operation.ts'
import { headerKeys, listKeys, requestTagKeys, signatureKeys, tagsOfHeader } from './access/condition-keys.ts'
import { s3Arn } from './access/s3-arn.ts'
import { parseCopySource } from './objects/copy-source.ts'

type Inputs = { readonly [Name in S3Operation]: NeedsOf<S3Operations[Name]['input']> }
type Conditions = AccessNeed['conditions']
type InBucket = { readonly Bucket: string }
type InObject = InBucket & { readonly Key: string; readonly VersionId?: string }

const onBucket =
  (action: string, keysOf?: (input: never, context: RequestContext) => Conditions) =>
  (input: InBucket, context: RequestContext): readonly AccessNeed[] => [
    { action: `s3:${action}`, resource: s3Arn(input.Bucket), conditions: keysOf?.(input as never, context) },
  ]

/** @param versionAction what it takes instead when a version is named, though it be the only one */
const onObject =
  (action: string, versionAction = action) =>
  (input: InObject, context: RequestContext): readonly AccessNeed[] => [
    {
      action: `s3:${input.VersionId === undefined ? action : versionAction}`,
      resource: s3Arn(input.Bucket, input.Key),
      conditions: headerKeys(input, context),
    },
  ]

const getObject = onObject('GetObject', 'GetObjectVersion')
const putObject = onObject('PutObject')

/** Tags that come with an object are put like any other. */
function putTagged(input: InObject & { readonly Tagging?: string }, context: RequestContext): readonly AccessNeed[] {
  const tags = tagsOfHeader(input.Tagging)
  const needs = putObject(input, context)
  if (tags === undefined) return needs
  return withKeys([...needs, ...onObject('PutObjectTagging')(input, context)], requestTagKeys(tags))
}

function putTags(
  input: InObject & { readonly Tagging: { readonly TagSet: readonly { Key: string; Value: string }[] } },
  context: RequestContext,
): readonly AccessNeed[] {
  const tags = input.Tagging.TagSet.map(({ Key, Value }) => [Key, Value] as const)
  return withKeys(onObject('PutObjectTagging', 'PutObjectVersionTagging')(input, context), requestTagKeys(tags))
}

/** Read by the same parser as the handler: what is decided on is what is copied. */
function readSource({ CopySource }: { readonly CopySource: string }): readonly AccessNeed[] {
  const { bucket, key } = parseCopySource(CopySource)
  const action = /\?versionId=[^?]*$/.test(CopySource) ? 's3:GetObjectVersion' : 's3:GetObject'
  return [{ action, resource: s3Arn(bucket, key) }]
}

/** A bucket that is to be made has nothing to say yet, and neither has another account's of that name. */
const NOT_MADE = { account: '' }

function createBucket(input: S3Operations['CreateBucket']['input'], context: RequestContext): readonly AccessNeed[] {
  const resource = s3Arn(input.Bucket)
  const { LocationConstraint, Tags } = input.CreateBucketConfiguration ?? {}
  const conditions = {
    ...headerKeys(input, context),
    's3:locationconstraint': LocationConstraint,
    ...Object.fromEntries((Tags ?? []).map(({ Key, Value }) => [`aws:requesttag/${Key.toLowerCase()}`, Value])),
    'aws:tagkeys': Tags?.map(({ Key }) => Key),
  }
  const actions = [
    'CreateBucket',
    ...(input.ObjectOwnership === undefined ? [] : ['PutBucketOwnershipControls']),
    ...(Tags === undefined || Tags.length === 0 ? [] : ['TagResource']),
  ]
  return actions.map((action) => ({ action: `s3:${action}`, resource, conditions, resourceSide: NOT_MADE }))
}

const withKeys = (needs: readonly AccessNeed[], more: Conditions): readonly AccessNeed[] =>
  needs.map((need) => ({ ...need, conditions: { ...need.conditions, ...more } }))

/** Source: the service authorization reference of Amazon S3. */
const rows: Inputs = {
  AbortMultipartUpload: onObject('AbortMultipartUpload'),
  CompleteMultipartUpload: putObject,
  CopyObject: (input, context) => [...readSource(input), ...putTagged(input, context)],
  CreateBucket: createBucket,
  CreateMultipartUpload: putTagged,
  DeleteBucket: onBucket('DeleteBucket'),
  DeleteBucketEncryption: onBucket('PutEncryptionConfiguration'),
  GetBucketEncryption: onBucket('GetEncryptionConfiguration'),
  DeleteBucketPolicy: onBucket('DeleteBucketPolicy'),
  DeleteBucketTagging: onBucket('PutBucketTagging'),
  DeleteObject: onObject('DeleteObject', 'DeleteObjectVersion'),
  DeleteObjectTagging: onObject('DeleteObjectTagging', 'DeleteObjectVersionTagging'),
  // Each key is decided by itself, and one that is denied is listed among the errors: the handler asks.
  DeleteObjects: () => [],
  DeletePublicAccessBlock: onBucket('PutBucketPublicAccessBlock'),
  GetBucketAcl: onBucket('GetBucketAcl'),
  GetBucketLocation: onBucket('GetBucketLocation'),
  GetBucketOwnershipControls: onBucket('GetBucketOwnershipControls'),
  GetBucketPolicy: onBucket('GetBucketPolicy'),
  GetBucketPolicyStatus: onBucket('GetBucketPolicyStatus'),
  GetBucketTagging: onBucket('GetBucketTagging'),
  GetBucketVersioning: onBucket('GetBucketVersioning'),
  GetObject: getObject,
  GetObjectAcl: onObject('GetObjectAcl', 'GetObjectVersionAcl'),
  GetObjectAttributes: (input, context) => [
    ...getObject(input, context),
    ...onObject('GetObjectAttributes', 'GetObjectVersionAttributes')(input, context),
  ],
  GetObjectTagging: onObject('GetObjectTagging', 'GetObjectVersionTagging'),
  GetPublicAccessBlock: onBucket('GetBucketPublicAccessBlock'),
  HeadBucket: onBucket('ListBucket'),
  HeadObject: getObject,
  ListBuckets: () => [{ action: 's3:ListAllMyBuckets', resource: 'arn:aws:s3:::*' }],
  ListMultipartUploads: onBucket('ListBucketMultipartUploads'),
  ListObjectVersions: onBucket('ListBucketVersions', listKeys),
  ListObjects: onBucket('ListBucket', listKeys),
  ListObjectsV2: onBucket('ListBucket', listKeys),
  ListParts: onObject('ListMultipartUploadParts'),
  PutBucketEncryption: onBucket('PutEncryptionConfiguration'),
  PutBucketAcl: onBucket('PutBucketAcl', headerKeys),
  PutBucketOwnershipControls: onBucket('PutBucketOwnershipControls'),
  PutBucketPolicy: onBucket('PutBucketPolicy'),
  PutBucketTagging: onBucket('PutBucketTagging'),
  PutBucketVersioning: onBucket('PutBucketVersioning'),
  PutObject: putTagged,
  PutObjectAcl: onObject('PutObjectAcl', 'PutObjectVersionAcl'),
  PutObjectTagging: putTags,
  PutPublicAccessBlock: onBucket('PutBucketPublicAccessBlock'),
  UploadPart: putObject,
  UploadPartCopy: (input, context) => [...readSource(input), ...putObject(input, context)],
}

/** How a request is signed is a matter of every action. */
const signed =
  (needsOf: NeedsOf): NeedsOf =>
  async (input, context) =>
    withKeys(await needsOf(input, context), signatureKeys(context.origin))

export const s3Authorization: AuthorizationTable = Object.fromEntries(
  Object.entries(rows).map(([name, needsOf]) => [name, signed(needsOf as NeedsOf)]),
)
