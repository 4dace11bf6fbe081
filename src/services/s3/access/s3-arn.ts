/** The ARN of a bucket, or of an object in it. Keys stand in it as they are, whatever characters they have. */
export const s3Arn = (bucket: string, key?: string): string =>
  key === undefined ? `arn:aws:s3:::${bucket}` : `arn:aws:s3:::${bucket}/${key}`

/** Takes an ARN of a bucket or an object apart; undefined for one of another kind, and for all buckets together. */
export function parseS3Arn(arn: string): { readonly bucket: string; readonly key: string | undefined } | undefined {
  const match = /^arn:[^:]*:s3:::([^/*]+)(?:\/(.*))?$/s.exec(arn)
  return match === null ? undefined : { bucket: match[1]!, key: match[2] }
}
