import type { DeleteObjectOutput, DeleteObjectRequest } from '../../../model/generated/s3.ts'
import type { RequestContext } from '../../operation.ts'
import { requireBucket } from '../buckets/bucket-access.ts'
import { preconditionFailed } from '../errors.ts'
import type { S3Deps } from '../s3-deps.ts'
import { refuseUnsupported } from '../unsupported.ts'
import { checkKey, checkVersionId } from './object-key.ts'
import { deleteObjectUnit, findObject } from './object-store.ts'
import { matchesEtag } from './preconditions.ts'

/** Deletes an object. One that is not there is as good as deleted, also under If-Match. */
export async function deleteObject(
  deps: S3Deps,
  input: DeleteObjectRequest,
  context: RequestContext,
): Promise<DeleteObjectOutput> {
  const bucket = await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  checkKey(input.Key)
  checkVersionId(input.VersionId)
  refuseUnsupported(input)
  const object = await findObject(deps.database, bucket.name, input.Key)
  if (object === undefined) return {}
  if (input.IfMatch !== undefined && !matchesEtag(input.IfMatch, object.etag)) throw preconditionFailed('If-Match')
  await deps.database.commit(deleteObjectUnit(deps.database, bucket.name, input.Key, input.IfMatch, context.now))
  return {}
}
