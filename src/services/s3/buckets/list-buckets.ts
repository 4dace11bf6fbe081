import type { ListBucketsOutput, ListBucketsRequest } from '../../../model/generated/s3.ts'
import type { RequestContext } from '../../operation.ts'
import { accessDenied, invalidArgument } from '../errors.ts'
import { decodeToken, encodeToken } from '../listing/continuation-token.ts'
import { owner } from '../owner.ts'
import type { S3Deps } from '../s3-deps.ts'
import { listBuckets as readBuckets } from './bucket-store.ts'

const MOST = 10_000

/** The caller's buckets, by name; in pages if asked to. */
export async function listBuckets(
  deps: S3Deps,
  input: ListBucketsRequest,
  context: RequestContext,
): Promise<ListBucketsOutput> {
  if (context.principal.kind === 'anonymous') throw accessDenied()
  const limit = input.MaxBuckets ?? MOST
  if (limit < 1 || limit > MOST) {
    throw invalidArgument(`Argument max-buckets must be an integer between 1 and ${MOST}`, 'max-buckets', limit)
  }
  const token = input.ContinuationToken
  const rows = await readBuckets(deps.database, context.account, {
    prefix: input.Prefix ?? '',
    region: input.BucketRegion,
    after: token === undefined ? undefined : decodeToken(token).value,
    limit: limit + 1,
  })
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return {
    Buckets: page.map((row) => ({
      Name: row.name,
      CreationDate: row.created_at,
      BucketRegion: row.region,
      BucketArn: `arn:aws:s3:::${row.name}`,
    })),
    Owner: owner(context.account),
    Prefix: input.Prefix,
    ContinuationToken:
      rows.length > limit && last !== undefined ? encodeToken({ kind: 'key', value: last.name }) : undefined,
  }
}
