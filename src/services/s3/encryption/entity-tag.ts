import { randomBytes } from 'node:crypto'
import { kmsKeyOf } from './object-encryption.ts'

/**
 * The entity tag of new bytes. Under a key of KMS it is no digest of them: who may not decrypt must not be able to compare.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
 *
 * @param md5 of the bytes, in hex
 */
export const entityTag = (encryption: string | null, md5: string): string =>
  kmsKeyOf(encryption) === undefined ? md5 : randomBytes(16).toString('hex')
