/** What a request says it is signed with. Nothing of it is proven. */
export interface ClaimedCredential {
  readonly accessKeyId: string
  /** Undefined for version 2 signatures, which name none. */
  readonly region: string | undefined
  readonly service: string
}

const HEADER = /Credential=([^/\s,]+)\/[^/\s,]*\/([^/\s,]*)\/([^/\s,]+)\//
const QUERY = /(?:^|&)X-Amz-Credential=([^&]+)/
const LEGACY_HEADER = /^AWS ([^:\s]+):/
const LEGACY_QUERY = /(?:^|&)AWSAccessKeyId=([^&]+)/

/** Reads the credential from the Authorization header or, without one, from a presigned query. Takes any text. */
export function claimedCredential(authorization: string | undefined, query: string): ClaimedCredential | undefined {
  if (authorization !== undefined) {
    const found = HEADER.exec(authorization)
    if (found !== null) return { accessKeyId: found[1]!, region: found[2]!, service: found[3]! }
    return legacy(LEGACY_HEADER.exec(authorization)?.[1])
  }
  if (query === '') return undefined
  const presigned = QUERY.exec(query)?.[1]
  if (presigned === undefined) return legacy(LEGACY_QUERY.exec(query)?.[1])
  const [accessKeyId, , region, service] = decode(presigned).split('/')
  return accessKeyId && service ? { accessKeyId, region, service } : undefined
}

/** Only S3 ever took version 2 in this form. */
const legacy = (accessKeyId: string | undefined): ClaimedCredential | undefined =>
  accessKeyId === undefined ? undefined : { accessKeyId: decode(accessKeyId), region: undefined, service: 's3' }

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
