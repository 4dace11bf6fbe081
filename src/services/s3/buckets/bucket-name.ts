/** Prefixes and suffixes that AWS keeps for access points, directory and table buckets. */
const RESERVED_PREFIXES = ['xn--', 'sthree-']
const RESERVED_SUFFIXES = ['-s3alias', '--ol-s3', '.mrap', '--x-s3', '--table-s3']

/**
 * Whether S3 lets a general purpose bucket be created under this name.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
 */
export const isBucketName = (name: string): boolean =>
  /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) &&
  !name.includes('..') &&
  !/^\d{1,3}(?:\.\d{1,3}){3}$/.test(name) &&
  !RESERVED_PREFIXES.some((prefix) => name.startsWith(prefix)) &&
  !RESERVED_SUFFIXES.some((suffix) => name.endsWith(suffix))

/** The name of a directory bucket, which is another kind of store altogether. */
export const isDirectoryBucketName = (name: string): boolean => name.endsWith('--x-s3')
