import type { S3Operation, S3Operations } from '../../model/generated/s3.ts'
import type { AccessNeed, AuthorizationTable, NeedsOf } from '../authorization.ts'

type Inputs = { readonly [Name in S3Operation]: NeedsOf<S3Operations[Name]['input']> }
type InBucket = { readonly Bucket: string }
type InObject = InBucket & { readonly Key: string }

const bucketArn = (bucket: string): string => `arn:aws:s3:::${bucket}`
const objectArn = (bucket: string, key: string): string => `arn:aws:s3:::${bucket}/${key}`

const onBucket =
  (action: string) =>
  ({ Bucket }: InBucket): readonly AccessNeed[] => [{ action: `s3:${action}`, resource: bucketArn(Bucket) }]

const onObject =
  (action: string) =>
  ({ Bucket, Key }: InObject): readonly AccessNeed[] => [{ action: `s3:${action}`, resource: objectArn(Bucket, Key) }]

/** What a listing asks for is also what conditions on it are about. */
function listing(
  input: InBucket & { readonly Prefix?: string; readonly Delimiter?: string; readonly MaxKeys?: number },
): readonly AccessNeed[] {
  const conditions = {
    's3:prefix': input.Prefix ?? '',
    's3:delimiter': input.Delimiter ?? '',
    ...(input.MaxKeys !== undefined && { 's3:max-keys': String(input.MaxKeys) }),
  }
  return [{ action: 's3:ListBucket', resource: bucketArn(input.Bucket), conditions }]
}

/** `/bucket/key?versionId=…` or `bucket/key`, percent-encoded. What cannot be read is for the handler to refuse. */
function copySource(source: string): readonly AccessNeed[] {
  const path = (source.split('?')[0] as string).replace(/^\//, '')
  try {
    return [{ action: 's3:GetObject', resource: `arn:aws:s3:::${decodeURIComponent(path)}` }]
  } catch {
    return [{ action: 's3:GetObject', resource: `arn:aws:s3:::${path}` }]
  }
}

/** Source: the service authorization reference of Amazon S3. */
const table: Inputs = {
  AbortMultipartUpload: onObject('AbortMultipartUpload'),
  CompleteMultipartUpload: onObject('PutObject'),
  CopyObject: (input) => [...copySource(input.CopySource), ...onObject('PutObject')(input)],
  CreateBucket: onBucket('CreateBucket'),
  CreateMultipartUpload: onObject('PutObject'),
  DeleteBucket: onBucket('DeleteBucket'),
  DeleteBucketEncryption: onBucket('PutEncryptionConfiguration'),
  DeleteBucketTagging: onBucket('PutBucketTagging'),
  DeleteObject: onObject('DeleteObject'),
  DeleteObjectTagging: onObject('DeleteObjectTagging'),
  DeleteObjects: ({ Bucket, Delete }) => Delete.Objects.flatMap(({ Key }) => onObject('DeleteObject')({ Bucket, Key })),
  GetBucketEncryption: onBucket('GetEncryptionConfiguration'),
  GetBucketLocation: onBucket('GetBucketLocation'),
  GetBucketTagging: onBucket('GetBucketTagging'),
  GetBucketVersioning: onBucket('GetBucketVersioning'),
  GetObject: onObject('GetObject'),
  GetObjectAttributes: (input) => [...onObject('GetObject')(input), ...onObject('GetObjectAttributes')(input)],
  GetObjectTagging: onObject('GetObjectTagging'),
  HeadBucket: onBucket('ListBucket'),
  HeadObject: onObject('GetObject'),
  ListBuckets: () => [{ action: 's3:ListAllMyBuckets', resource: '*' }],
  ListMultipartUploads: onBucket('ListBucketMultipartUploads'),
  ListObjectVersions: onBucket('ListBucketVersions'),
  ListObjects: listing,
  ListObjectsV2: listing,
  ListParts: onObject('ListMultipartUploadParts'),
  PutBucketEncryption: onBucket('PutEncryptionConfiguration'),
  PutBucketTagging: onBucket('PutBucketTagging'),
  PutBucketVersioning: onBucket('PutBucketVersioning'),
  PutObject: onObject('PutObject'),
  PutObjectTagging: onObject('PutObjectTagging'),
  UploadPart: onObject('PutObject'),
  UploadPartCopy: (input) => [...copySource(input.CopySource), ...onObject('PutObject')(input)],
}

export const s3Authorization: AuthorizationTable = table
