import type { BucketRow } from '../../../storage/schema/s3.ts'

/** S3's four settings against public buckets. */
export interface PublicAccessBlock {
  readonly BlockPublicAcls: boolean
  readonly IgnorePublicAcls: boolean
  readonly BlockPublicPolicy: boolean
  readonly RestrictPublicBuckets: boolean
}

const NOTHING_BLOCKED: PublicAccessBlock = {
  BlockPublicAcls: false,
  IgnorePublicAcls: false,
  BlockPublicPolicy: false,
  RestrictPublicBuckets: false,
}

/** What new buckets have, as in S3 since April 2023. */
export const ALL_BLOCKED: PublicAccessBlock = {
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: true,
}

/** As a row keeps it. What is not said is off. */
export const encodePublicAccessBlock = (block: Partial<PublicAccessBlock>): string =>
  JSON.stringify({
    BlockPublicAcls: block.BlockPublicAcls ?? false,
    IgnorePublicAcls: block.IgnorePublicAcls ?? false,
    BlockPublicPolicy: block.BlockPublicPolicy ?? false,
    RestrictPublicBuckets: block.RestrictPublicBuckets ?? false,
  } satisfies PublicAccessBlock)

/** The settings in force: none where there is no configuration. */
export const readPublicAccessBlock = ({ public_access_block: text }: BucketRow): PublicAccessBlock =>
  text === null ? NOTHING_BLOCKED : (JSON.parse(text) as PublicAccessBlock)
