import type { Principal } from '../../../access/principal.ts'
import { parseArn } from '../../../shared/arn.ts'
import { createSealedBox, type SealedBox } from '../../../shared/sealed-box.ts'
import type { RequestOrigin } from '../../authorizer.ts'
import type { KmsFacade } from '../../kms/facade.ts'
import type { BucketPlace } from '../buckets/bucket-store.ts'
import { invalidArgument } from '../errors.ts'
import { decodeDefault } from './default-encryption.ts'
import { kmsRefusal, signatureRequired } from './kms-refusal.ts'
import { decodeEncryption, encodeEncryption, type KmsEncryption } from './object-encryption.ts'
import { type EncryptionInput, type WantedEncryption, wantedEncryption } from './requested-encryption.ts'

/** For whom KMS is asked, and for which request, if there is one. A request's context is one. */
export interface KeyUser {
  readonly principal: Principal
  readonly origin?: RequestOrigin
}

/** What a write goes on with. */
export interface WriteKeys {
  /** To be stored with the object or upload. */
  readonly encryption: string
  /** Seals the keys of the blobs. */
  readonly box: SealedBox
}

/** The keys of keys: what seals the key of each blob. */
export interface ContentKeys {
  /**
   * Settles how a write is encrypted, and has KMS make a data key when it takes one: as the caller, before a byte is read.
   * @throws InvalidArgument, AccessDenied, KMS.NotFoundException, KMS.DisabledException, KMS.KMSInvalidStateException
   */
  create(user: KeyUser, bucket: BucketPlace, key: string, input: EncryptionInput): Promise<WriteKeys>
  /**
   * What opens the keys of the blobs of an object or upload. For SSE-KMS the caller must be allowed `kms:Decrypt`.
   * @param encryption as it was stored
   * @throws like create
   */
  open(user: KeyUser, encryption: string | null): Promise<SealedBox>
}

const MANAGED_KEY = 'alias/aws/s3'
/** Names the object, or with a bucket key its bucket, to KMS: policies and grants can ask for it. */
const ARN_KEY = 'aws:s3:arn'

export function createContentKeys(masterKey: SealedBox, kms: KmsFacade): ContentKeys {
  async function createUnderKms(
    { principal, origin }: KeyUser,
    bucket: BucketPlace,
    key: string,
    wanted: WantedEncryption,
  ): Promise<WriteKeys> {
    if (principal.kind === 'anonymous') throw signatureRequired()
    const context = contextOf(wanted, bucket.name, key)
    const use = {
      region: bucket.region,
      via: 's3',
      origin,
      encryptionContext: context,
      keyId: wanted.keyId ?? MANAGED_KEY,
    } as const
    const made = await kms.generateDataKey(principal, use).catch(passOn)
    const encryption: KmsEncryption = {
      algorithm: 'aws:kms',
      keyArn: made.keyArn,
      dataKey: Buffer.from(made.ciphertext).toString('base64'),
      context,
      bucketKey: wanted.bucketKey,
    }
    return { encryption: encodeEncryption(encryption), box: createSealedBox(made.plaintext) }
  }

  return {
    async create(user, bucket, key, input) {
      const wanted = wantedEncryption(input, decodeDefault(bucket.encryption))
      if (wanted.algorithm === 'aws:kms') return createUnderKms(user, bucket, key, wanted)
      return { encryption: encodeEncryption({ algorithm: 'AES256' }), box: masterKey }
    },

    async open({ principal, origin }, stored) {
      const encryption = decodeEncryption(stored)
      // Plain content has no keys to open; what is added to an upload begun before is sealed as in SSE-S3.
      if (encryption === undefined || encryption.algorithm === 'AES256') return masterKey
      if (principal.kind === 'anonymous') throw signatureRequired()
      const opened = await kms
        .decrypt(principal, {
          region: parseArn(encryption.keyArn)?.region ?? '',
          via: 's3',
          origin,
          encryptionContext: encryption.context,
          keyId: encryption.keyArn,
          ciphertext: Buffer.from(encryption.dataKey, 'base64'),
        })
        .catch(passOn)
      return createSealedBox(opened.plaintext)
    },
  }
}

function passOn(error: unknown): never {
  throw kmsRefusal(error)
}

function contextOf(wanted: WantedEncryption, bucket: string, key: string): Readonly<Record<string, string>> {
  const arn = wanted.bucketKey ? `arn:aws:s3:::${bucket}` : `arn:aws:s3:::${bucket}/${key}`
  const given = wanted.context ?? {}
  if (given[ARN_KEY] !== undefined && given[ARN_KEY] !== arn) {
    throw invalidArgument(
      `The encryption context key ${ARN_KEY} is set by S3.`,
      'x-amz-server-side-encryption-context',
      given[ARN_KEY],
    )
  }
  return { ...given, [ARN_KEY]: arn }
}
