import type { ServerSideEncryption } from '../../../model/generated/s3.ts'

/**
 * What the bytes of an object, or of an upload's parts, are encrypted with. Each blob has a key of its own. Those of SSE-S3 are
 * sealed by the installation's master key, those of SSE-KMS by a data key that KMS made.
 */
export type ObjectEncryption = { readonly algorithm: 'AES256' } | KmsEncryption

export interface KmsEncryption {
  readonly algorithm: 'aws:kms'
  readonly keyArn: string
  /** The data key as KMS encrypted it, Base64. */
  readonly dataKey: string
  /** What KMS has bound it to. */
  readonly context: Readonly<Record<string, string>>
  readonly bucketKey: boolean
}

export const encodeEncryption = (encryption: ObjectEncryption): string => JSON.stringify(encryption)

/** Undefined for what was written before there was encryption. */
export const decodeEncryption = (json: string | null): ObjectEncryption | undefined =>
  json === null ? undefined : (JSON.parse(json) as ObjectEncryption)

/** The ARN of the KMS key that the object is encrypted under; undefined for one that is not. */
export function kmsKeyOf(json: string | null): string | undefined {
  const encryption = decodeEncryption(json)
  return encryption?.algorithm === 'aws:kms' ? encryption.keyArn : undefined
}

interface EncryptionMembers {
  readonly ServerSideEncryption?: ServerSideEncryption
  readonly SSEKMSKeyId?: string
  readonly BucketKeyEnabled?: boolean
}

/** What answers say of it. S3 names the bucket key only where there is one, and nothing claims that plain bytes are encrypted. */
export function encryptionMembers(json: string | null): EncryptionMembers {
  const encryption = decodeEncryption(json)
  if (encryption === undefined) return {}
  if (encryption.algorithm === 'AES256') return { ServerSideEncryption: 'AES256' }
  return {
    ServerSideEncryption: 'aws:kms',
    SSEKMSKeyId: encryption.keyArn,
    ...(encryption.bucketKey ? { BucketKeyEnabled: true } : {}),
  }
}

/**
 * Whether a copy may refer to the blobs of its source: both are under the same key. `target` null: an upload begun before
 * there was encryption, whose new parts are sealed as those of SSE-S3 are.
 */
export function sharesBlobs(source: string | null, target: string | null): boolean {
  const from = decodeEncryption(source)
  const to = decodeEncryption(target) ?? { algorithm: 'AES256' }
  if (from === undefined || from.algorithm !== to.algorithm) return false
  return kmsKeyOf(source) === kmsKeyOf(target)
}
