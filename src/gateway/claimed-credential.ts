/** What a request says it is signed with. Nothing of it is proven. */
export interface ClaimedCredential {
  readonly accessKeyId: string
  /** Undefined for a version 2 query, which names none. */
  readonly region: string | undefined
  readonly service: string
}

const HEADER = /Credential=([^/\s,]+)\/[^/\s,]*\/([^/\s,]*)\/([^/\s,]+)\//
const QUERY = /(?:^|&)X-Amz-Credential=([^&]+)/
const LEGACY_QUERY = /(?:^|&)AWSAccessKeyId=([^&]+)/
const SERVICE = /^[a-z][a-z0-9-]{1,62}$/

/**
 * Reads the credential from the Authorization header or, without one, from a presigned query. Takes any text; what does
 * not look like a credential is none.
 */
export function claimedCredential(authorization: string | undefined, query: string): ClaimedCredential | undefined {
  if (authorization !== undefined) {
    const [, accessKeyId, region, service] = HEADER.exec(authorization) ?? []
    return credential(accessKeyId, region, service)
  }
  if (query === '') return undefined
  const presigned = QUERY.exec(query)?.[1]
  if (presigned !== undefined) {
    const [accessKeyId, , region, service] = decode(presigned).split('/')
    return credential(accessKeyId, region, service)
  }
  const legacy = LEGACY_QUERY.exec(query)?.[1]
  // Only S3 ever signed in this form.
  return legacy === undefined ? undefined : credential(decode(legacy), undefined, 's3')
}

const credential = (accessKeyId: string | undefined, region: string | undefined, service: string | undefined) =>
  accessKeyId && service && SERVICE.test(service) ? { accessKeyId, region, service } : undefined

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
