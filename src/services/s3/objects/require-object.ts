import type { Principal } from '../../../access/principal.ts'
import type { BucketRow, ObjectRow } from '../../../storage/schema/s3.ts'
import type { RequestOrigin } from '../../authorizer.ts'
import { s3Arn } from '../access/s3-arn.ts'
import { noSuchKey } from '../errors.ts'
import type { S3Deps } from '../s3-deps.ts'
import { findObject } from './object-store.ts'

/**
 * The object of a key. Who may not list the bucket does not learn that there is none, and is denied, as in S3.
 * @throws NoSuchKey, AccessDenied
 */
export async function requireObject(
  { database, authorizer }: Pick<S3Deps, 'database' | 'authorizer'>,
  bucket: BucketRow,
  key: string,
  { principal, origin }: { readonly principal: Principal; readonly origin?: RequestOrigin },
): Promise<ObjectRow> {
  const object = await findObject(database, bucket.name, key)
  if (object !== undefined) return object
  await authorizer.require({ principal, action: 's3:ListBucket', resource: s3Arn(bucket.name), origin, service: 's3' })
  throw noSuchKey(key)
}
