import type { RequestOrigin } from '../../authorizer.ts'
import type { RequestContext } from '../../operation.ts'

type Keys = Readonly<Record<string, string | readonly string[] | undefined>>

/** Members of requests that bucket policies may look at, and the condition key of each. */
const MEMBERS: readonly (readonly [string, string])[] = [
  ['ACL', 's3:x-amz-acl'],
  ['CopySource', 's3:x-amz-copy-source'],
  ['GrantFullControl', 's3:x-amz-grant-full-control'],
  ['GrantRead', 's3:x-amz-grant-read'],
  ['GrantReadACP', 's3:x-amz-grant-read-acp'],
  ['GrantWrite', 's3:x-amz-grant-write'],
  ['GrantWriteACP', 's3:x-amz-grant-write-acp'],
  ['IfMatch', 's3:if-match'],
  ['IfNoneMatch', 's3:if-none-match'],
  ['MetadataDirective', 's3:x-amz-metadata-directive'],
  ['ObjectOwnership', 's3:x-amz-object-ownership'],
  ['SSECustomerAlgorithm', 's3:x-amz-server-side-encryption-customer-algorithm'],
  ['SSEKMSKeyId', 's3:x-amz-server-side-encryption-aws-kms-key-id'],
  ['ServerSideEncryption', 's3:x-amz-server-side-encryption'],
  ['StorageClass', 's3:x-amz-storage-class'],
  ['VersionId', 's3:versionid'],
  ['WebsiteRedirectLocation', 's3:x-amz-website-redirect-location'],
]

/** The keys for what a request says in its headers. */
export function headerKeys(input: object, context: Pick<RequestContext, 'account' | 'region'>): Keys {
  const keys: Record<string, string> = {}
  for (const [member, key] of MEMBERS) {
    const value: unknown = (input as Readonly<Record<string, unknown>>)[member]
    if (typeof value === 'string') keys[key] = spelled(member, value, context)
  }
  return keys
}

/** Policies name a source without a slash in front, and a key by its ARN, however the request spells them. */
function spelled(
  member: string,
  value: string,
  { account, region }: Pick<RequestContext, 'account' | 'region'>,
): string {
  if (member === 'CopySource') return decoded(value).replace(/^\//, '')
  if (member !== 'SSEKMSKeyId' || value.startsWith('arn:')) return value
  return `arn:aws:kms:${region}:${account}:${value.startsWith('alias/') ? value : `key/${value}`}`
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** What a listing asks for. */
export const listKeys = (input: {
  readonly Prefix?: string
  readonly Delimiter?: string
  readonly MaxKeys?: number
}): Keys => ({
  's3:prefix': input.Prefix ?? '',
  's3:delimiter': input.Delimiter ?? '',
  's3:max-keys': input.MaxKeys === undefined ? undefined : String(input.MaxKeys),
})

/** Tags that a request puts on an object. */
export const requestTagKeys = (tags: readonly (readonly [string, string])[]): Keys => ({
  ...Object.fromEntries(tags.map(([name, value]) => [`s3:requestobjecttag/${name.toLowerCase()}`, value])),
  's3:requestobjecttagkeys': tags.map(([name]) => name),
})

/** The header `x-amz-tagging` as the handler reads it; undefined when it puts no tags. */
export function tagsOfHeader(header: string | undefined): readonly (readonly [string, string])[] | undefined {
  if (header === undefined || header === '') return undefined
  return [...new URLSearchParams(header)]
}

/** How the request is signed. Nothing for one that is not. */
export function signatureKeys({ signature, now }: RequestOrigin): Keys {
  if (signature === undefined) return {}
  const { version, inQuery, madeAt, contentSha256 } = signature
  return {
    's3:authtype': inQuery ? 'REST-QUERY-STRING' : 'REST-HEADER',
    's3:signatureversion': version,
    's3:x-amz-content-sha256': contentSha256,
    // As documented: of presigned requests only.
    's3:signatureage': inQuery && madeAt !== undefined ? String(Math.max(0, now - madeAt)) : undefined,
  }
}
