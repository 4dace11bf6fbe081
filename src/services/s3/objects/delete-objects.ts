import { deniedMessage } from '../../../access/evaluation/denied-message.ts'
import type {
  DeletedObject,
  DeleteObjectsOutput,
  DeleteObjectsRequest,
  Error as Failure,
  ObjectIdentifier,
} from '../../../model/generated/s3.ts'
import { notImplemented, ServiceError } from '../../../wire/service-error.ts'
import type { RequestContext } from '../../operation.ts'
import { signatureKeys } from '../access/condition-keys.ts'
import { s3Arn } from '../access/s3-arn.ts'
import { requireBucket } from '../buckets/bucket-access.ts'
import { accessDenied, malformedXml } from '../errors.ts'
import type { S3Deps } from '../s3-deps.ts'
import { refuseUnsupported } from '../unsupported.ts'
import { checkKey, checkVersionId } from './object-key.ts'
import { deleteObjectUnit } from './object-store.ts'

const MOST_KEYS = 1000

/** Deletes up to 1000 objects, each by itself: what fails is listed beside what was deleted. */
export async function deleteObjects(
  deps: S3Deps,
  input: DeleteObjectsRequest,
  context: RequestContext,
): Promise<DeleteObjectsOutput> {
  const bucket = await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  refuseUnsupported(input)
  const { Objects: objects, Quiet: quiet } = input.Delete
  if (objects.length === 0 || objects.length > MOST_KEYS) throw malformedXml()

  const admit = admission(deps, bucket.name, context)
  // All are committed at once, each as a unit of its own: they share a sync, and one failing stops no other.
  const outcomes = await Promise.all(
    objects.map(async (object): Promise<DeletedObject | Failure> => {
      try {
        await admit(object)
        check(object)
        await deps.database.commit(deleteObjectUnit(deps.database, bucket.name, object.Key, object.ETag, context.now))
        return { Key: object.Key, VersionId: object.VersionId }
      } catch (error) {
        return failure(object, error, context)
      }
    }),
  )
  const errors = outcomes.filter((outcome) => 'Code' in outcome)
  const deleted = outcomes.filter((outcome) => !('Code' in outcome))
  return { Deleted: quiet === true ? [] : deleted, Errors: errors }
}

/**
 * Whoever may delete some of the objects deletes those. The first refusal is put on record like that of a request; a
 * thousand of one request would say no more.
 */
function admission(deps: S3Deps, bucket: string, { principal, origin }: RequestContext) {
  let recorded = false
  return async ({ Key, VersionId }: ObjectIdentifier): Promise<void> => {
    const action = VersionId === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion'
    const conditions = { ...signatureKeys(origin), 's3:versionid': VersionId }
    const question = { principal, action, resource: s3Arn(bucket, Key), conditions, origin, service: 's3' }
    const decision = await deps.authorizer.decide(question)
    if (decision.allowed) return
    if (recorded) throw accessDenied(deniedMessage(question, decision))
    recorded = true
    await deps.authorizer.require(question)
  }
}

function check(object: ObjectIdentifier): void {
  checkKey(object.Key)
  checkVersionId(object.VersionId)
  if (object.Size !== undefined || object.LastModifiedTime !== undefined) {
    throw notImplemented('Deleting by size or time of modification in S3')
  }
}

function failure(object: ObjectIdentifier, error: unknown, context: RequestContext): Failure {
  const known = error instanceof ServiceError
  if (!known) context.log.error({ err: error }, 'An object could not be deleted')
  return {
    Key: object.Key,
    VersionId: object.VersionId,
    Code: known ? error.code : 'InternalError',
    Message: known ? error.message : 'We encountered an internal error. Please try again.',
  }
}
