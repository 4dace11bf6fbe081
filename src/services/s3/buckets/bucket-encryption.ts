import type {
  DeleteBucketEncryptionRequest,
  GetBucketEncryptionOutput,
  GetBucketEncryptionRequest,
  PutBucketEncryptionRequest,
  ServerSideEncryptionRule,
} from '../../../model/generated/s3.ts'
import { notImplemented } from '../../../wire/service-error.ts'
import type { RequestContext } from '../../operation.ts'
import { type DefaultEncryption, decodeDefault, encodeDefault } from '../encryption/default-encryption.ts'
import { invalidArgument, malformedXml } from '../errors.ts'
import type { S3Deps } from '../s3-deps.ts'
import { requireBucket } from './bucket-access.ts'
import { setBucketEncryption } from './bucket-store.ts'

/** Sets what new objects are encrypted with. Whether there is such a key is seen when one is written, as in S3. */
export async function putBucketEncryption(
  deps: S3Deps,
  input: PutBucketEncryptionRequest,
  context: RequestContext,
): Promise<void> {
  const bucket = await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  const rules = input.ServerSideEncryptionConfiguration.Rules
  const [rule] = rules
  if (rule === undefined || rules.length > 1) throw malformedXml()
  const encryption = encodeDefault(readRule(rule))
  await deps.buckets.change(bucket.name, [setBucketEncryption(deps.database, bucket.name, bucket.account, encryption)])
}

/** Every bucket has a default: SSE-S3 unless another was put. */
export async function getBucketEncryption(
  deps: S3Deps,
  input: GetBucketEncryptionRequest,
  context: RequestContext,
): Promise<GetBucketEncryptionOutput> {
  const bucket = await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  const { algorithm, keyId, bucketKey } = decodeDefault(bucket.encryption)
  return {
    ServerSideEncryptionConfiguration: {
      Rules: [
        {
          ApplyServerSideEncryptionByDefault: { SSEAlgorithm: algorithm, KMSMasterKeyID: keyId },
          BucketKeyEnabled: bucketKey,
          BlockedEncryptionTypes: { EncryptionType: ['SSE-C'] },
        },
      ],
    },
  }
}

/** Back to SSE-S3. */
export async function deleteBucketEncryption(
  deps: S3Deps,
  input: DeleteBucketEncryptionRequest,
  context: RequestContext,
): Promise<void> {
  const bucket = await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  await deps.buckets.change(bucket.name, [setBucketEncryption(deps.database, bucket.name, bucket.account, null)])
}

function readRule(rule: ServerSideEncryptionRule): DefaultEncryption {
  // SSE-C is refused whatever a bucket says, so that what is blocked by default cannot be unblocked.
  if (rule.BlockedEncryptionTypes?.EncryptionType?.some((type) => type !== 'SSE-C')) {
    throw notImplemented('Encryption with keys of the caller (SSE-C) of S3')
  }
  const { SSEAlgorithm: algorithm, KMSMasterKeyID: keyId } = rule.ApplyServerSideEncryptionByDefault ?? {
    SSEAlgorithm: 'AES256',
  }
  if (algorithm === 'aws:kms:dsse') throw notImplemented(`The default encryption ${algorithm} of S3`)
  if (algorithm !== 'AES256' && algorithm !== 'aws:kms') throw malformedXml()
  if (algorithm === 'AES256' && keyId !== undefined) {
    throw invalidArgument(
      'a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse',
      'ApplyServerSideEncryptionByDefault',
      undefined,
    )
  }
  // An element that is there and empty names no key.
  return { algorithm, keyId: keyId || undefined, bucketKey: rule.BucketKeyEnabled ?? false }
}
