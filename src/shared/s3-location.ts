/** An object, or with an empty or `/`-ended key a prefix, in S3. */
export interface S3Location {
  readonly bucket: string
  readonly key: string
}

/**
 * Reads `s3://bucket/key` and S3's two https forms: `https://s3.<region>.amazonaws.com/bucket/key` and
 * `https://bucket.s3.<region>.amazonaws.com/key`. Undefined for anything else.
 */
export function parseS3Location(uri: string): S3Location | undefined {
  // Not `new URL`: keys may hold `?`, `#`, `%` and `..`, and all of them mean themselves.
  const match = /^(s3|https):\/\/([^/]+)\/?(.*)$/s.exec(uri)
  if (match === null) return undefined
  const [, scheme, authority = '', path = ''] = match
  if (scheme === 's3') return { bucket: authority, key: path }
  const host = /^(?:(.+)\.)?s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?$/.exec(authority)
  if (host === null) return undefined
  if (host[1] !== undefined) return { bucket: host[1], key: path }
  const [bucket = '', ...key] = path.split('/')
  return bucket === '' ? undefined : { bucket, key: key.join('/') }
}
