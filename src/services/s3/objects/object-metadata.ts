import { metadataTooLarge } from '../errors.ts'

/** The headers that are stored with an object and come back when it is read. */
export interface StoredHeaders {
  readonly ContentType?: string
  readonly CacheControl?: string
  readonly ContentDisposition?: string
  readonly ContentEncoding?: string
  readonly ContentLanguage?: string
  readonly Expires?: string
}

const DEFAULT_CONTENT_TYPE = 'binary/octet-stream'
const MAX_METADATA_BYTES = 2048

/** The JSON of the stored headers of a write. `aws-chunked` is how the body travelled, not what it is. */
export function encodeHeaders(input: StoredHeaders): string {
  const encoding = input.ContentEncoding?.split(',')
    .map((token) => token.trim())
    .filter((token) => token !== '' && token.toLowerCase() !== 'aws-chunked')
    .join(',')
  const headers: StoredHeaders = {
    ContentType: input.ContentType || DEFAULT_CONTENT_TYPE,
    CacheControl: input.CacheControl,
    ContentDisposition: input.ContentDisposition,
    ContentEncoding: encoding || undefined,
    ContentLanguage: input.ContentLanguage,
    Expires: input.Expires,
  }
  return JSON.stringify(headers)
}

/** The JSON of the user's metadata: names in lower case, as S3 returns them. */
export function encodeMetadata(metadata: Readonly<Record<string, string>> = {}): string {
  const entries = Object.entries(metadata).map(([name, value]) => [name.toLowerCase(), value] as const)
  const bytes = entries.reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value), 0)
  if (bytes > MAX_METADATA_BYTES) throw metadataTooLarge(bytes, MAX_METADATA_BYTES)
  return JSON.stringify(Object.fromEntries(entries))
}

export const decodeHeaders = (json: string): StoredHeaders => JSON.parse(json) as StoredHeaders

export const decodeMetadata = (json: string): Record<string, string> => JSON.parse(json) as Record<string, string>
