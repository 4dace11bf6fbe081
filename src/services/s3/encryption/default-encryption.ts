/** What a bucket encrypts new objects with when a request does not say. */
export interface DefaultEncryption {
  readonly algorithm: 'AES256' | 'aws:kms'
  /** As it was put; undefined: the key that AWS manages for S3. */
  readonly keyId?: string
  readonly bucketKey: boolean
}

/** Every bucket encrypts, as in S3 since 2023. */
const USUAL: DefaultEncryption = { algorithm: 'AES256', bucketKey: false }

export const encodeDefault = (encryption: DefaultEncryption): string => JSON.stringify(encryption)

export const decodeDefault = (json: string | null): DefaultEncryption =>
  json === null ? USUAL : (JSON.parse(json) as DefaultEncryption)
