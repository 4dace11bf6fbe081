import { notImplemented } from '../../../wire/service-error.ts'
import { invalidArgument } from '../errors.ts'
import type { DefaultEncryption } from './default-encryption.ts'

/** The members of a write that speak of encryption. */
export interface EncryptionInput {
  readonly ServerSideEncryption?: string
  readonly SSEKMSKeyId?: string
  readonly SSEKMSEncryptionContext?: string
  readonly BucketKeyEnabled?: boolean
}

/** What a write is to be encrypted with. */
export interface WantedEncryption extends DefaultEncryption {
  /** What the caller adds to the encryption context. */
  readonly context?: Readonly<Record<string, string>>
}

const HEADER = 'x-amz-server-side-encryption'
const CONTEXT_HEADER = `${HEADER}-context`

/**
 * What a write asks for, completed by the default of its bucket. `aws:kms` without a key means the key that AWS manages for
 * S3, whatever key the bucket's default names.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/specifying-kms-encryption.html
 * @throws InvalidArgument in S3's words for what does not go together
 */
export function wantedEncryption(input: EncryptionInput, usual: DefaultEncryption): WantedEncryption {
  const { ServerSideEncryption: method, SSEKMSKeyId: keyId, SSEKMSEncryptionContext: context } = input
  if (method === 'aws:kms:dsse') throw notImplemented(`${HEADER}: ${method} of S3`)
  if (method !== undefined && method !== 'AES256' && method !== 'aws:kms') {
    throw invalidArgument('The encryption method specified is not supported', HEADER, method)
  }
  if (method !== 'aws:kms' && (keyId !== undefined || context !== undefined)) {
    throw invalidArgument(
      `Server Side Encryption with AWS KMS managed key requires HTTP header ${HEADER} : aws:kms`,
      HEADER,
      method ?? null,
    )
  }
  const bucketKey = input.BucketKeyEnabled ?? usual.bucketKey
  if (method === undefined) return { ...usual, bucketKey }
  if (method === 'AES256') return { algorithm: method, bucketKey: false }
  return { algorithm: method, keyId, bucketKey, context: context === undefined ? undefined : parseContext(context) }
}

/** Whether a request says anything about encryption: a copy onto itself that does changes something. */
export const speaksOfEncryption = (input: EncryptionInput): boolean =>
  input.ServerSideEncryption !== undefined || input.BucketKeyEnabled !== undefined

/** Base64 of a JSON object of strings. Longer than a header may be is caught before; KMS has its own limit. */
function parseContext(header: string): Readonly<Record<string, string>> {
  const bytes = Buffer.from(header, 'base64')
  try {
    if (bytes.toString('base64').replace(/=+$/, '') !== header.trim().replace(/=+$/, '')) throw new Error('not Base64')
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    const value: unknown = JSON.parse(text)
    if (isStringMap(value)) return value
  } catch {
    // Told below.
  }
  throw invalidArgument(
    `The header '${CONTEXT_HEADER}' shall be Base64-encoded UTF-8 string holding JSON which represents a string-string map`,
    CONTEXT_HEADER,
    header,
  )
}

const isStringMap = (value: unknown): value is Record<string, string> =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((one) => typeof one === 'string')
