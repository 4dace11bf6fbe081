import { notImplemented } from '../../wire/service-error.ts'
import { aclNotSupported, invalidStorageClass } from './errors.ts'

/**
 * Members that would change the outcome and are not implemented, by name, with the header or element a caller knows.
 * Encryption with keys of the caller's own must not be dropped in silence.
 */
const REFUSED: Readonly<Record<string, string>> = {
  SSECustomerAlgorithm: 'x-amz-server-side-encryption-customer-algorithm',
  SSECustomerKey: 'x-amz-server-side-encryption-customer-key',
  SSECustomerKeyMD5: 'x-amz-server-side-encryption-customer-key-MD5',
  CopySourceSSECustomerAlgorithm: 'x-amz-copy-source-server-side-encryption-customer-algorithm',
  CopySourceSSECustomerKey: 'x-amz-copy-source-server-side-encryption-customer-key',
  CopySourceSSECustomerKeyMD5: 'x-amz-copy-source-server-side-encryption-customer-key-MD5',
  WebsiteRedirectLocation: 'x-amz-website-redirect-location',
  ObjectLockMode: 'x-amz-object-lock-mode',
  ObjectLockRetainUntilDate: 'x-amz-object-lock-retain-until-date',
  ObjectLockLegalHoldStatus: 'x-amz-object-lock-legal-hold',
  GrantFullControl: 'x-amz-grant-full-control',
  GrantRead: 'x-amz-grant-read',
  GrantReadACP: 'x-amz-grant-read-acp',
  GrantWrite: 'x-amz-grant-write',
  GrantWriteACP: 'x-amz-grant-write-acp',
  WriteOffsetBytes: 'x-amz-write-offset-bytes',
  MFA: 'x-amz-mfa',
  IfMatchLastModifiedTime: 'x-amz-if-match-last-modified-time',
  IfMatchSize: 'x-amz-if-match-size',
  IfMatchInitiatedTime: 'x-amz-if-match-initiated-time',
  ObjectLockEnabledForBucket: 'x-amz-bucket-object-lock-enabled',
  BucketNamespace: 'x-amz-bucket-namespace',
  ChecksumSHA512: 'x-amz-checksum-sha512',
  ChecksumMD5: 'x-amz-checksum-md5',
  ChecksumXXHASH64: 'x-amz-checksum-xxhash64',
  ChecksumXXHASH3: 'x-amz-checksum-xxhash3',
  ChecksumXXHASH128: 'x-amz-checksum-xxhash128',
}

/** Classes that differ from STANDARD in price alone. Archives, whose objects cannot be read at once, are not among them. */
const STORAGE_CLASSES = [
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER_IR',
]
const ARCHIVES = ['GLACIER', 'DEEP_ARCHIVE', 'OUTPOSTS', 'SNOW', 'EXPRESS_ONEZONE', 'FSX_OPENZFS', 'FSX_ONTAP']

/** Throws NotImplemented for the first member of the input that asks for something Slipway's S3 does not do. */
export function refuseUnsupported(input: object): void {
  for (const [name, value] of Object.entries(input)) {
    const header = REFUSED[name]
    if (header !== undefined && value !== undefined && value !== false) throw notImplemented(`${header} of S3`)
  }
}

/** The ACLs that say what holds anyway: the bucket's owner owns everything in it. */
export function checkObjectAcl(acl: string | undefined): void {
  if (acl !== undefined && acl !== 'private' && acl !== 'bucket-owner-full-control') throw aclNotSupported()
}

/** The storage class to keep with an object; STANDARD unless named. */
export function storageClass(requested: string | undefined): string {
  if (requested === undefined) return 'STANDARD'
  if (ARCHIVES.includes(requested)) throw notImplemented(`The storage class ${requested} of S3`)
  if (!STORAGE_CLASSES.includes(requested)) throw invalidStorageClass(requested)
  return requested
}
