import type { ObjectRow } from '../../../storage/schema/s3.ts'
import type { RequestContext } from '../../operation.ts'
import { requireBucket } from '../buckets/bucket-access.ts'
import { conditionalRequestConflict, preconditionFailed } from '../errors.ts'
import type { S3Deps } from '../s3-deps.ts'
import { parseCopySource } from './copy-source.ts'
import { failedCondition } from './preconditions.ts'
import { requireObject } from './require-object.ts'

/** What CopyObject and UploadPartCopy say of their source. */
export interface SourceInput {
  readonly CopySource: string
  readonly CopySourceIfMatch?: string
  readonly CopySourceIfModifiedSince?: number
  readonly CopySourceIfNoneMatch?: string
  readonly CopySourceIfUnmodifiedSince?: number
  readonly ExpectedSourceBucketOwner?: string
}

/** The object to copy from, if the conditions on it hold. */
export async function findSource(deps: S3Deps, input: SourceInput, context: RequestContext): Promise<ObjectRow> {
  const source = parseCopySource(input.CopySource)
  const bucket = await requireBucket(deps, context.principal, source.bucket, input.ExpectedSourceBucketOwner)
  const object = await requireObject(deps, bucket, source.key, context)
  const failed = failedCondition(
    {
      ifMatch: input.CopySourceIfMatch,
      ifNoneMatch: input.CopySourceIfNoneMatch,
      ifModifiedSince: input.CopySourceIfModifiedSince,
      ifUnmodifiedSince: input.CopySourceIfUnmodifiedSince,
    },
    { etag: object.etag, lastModified: object.last_modified },
    context.now,
  )
  if (failed !== undefined) throw preconditionFailed(`x-amz-copy-source-${failed}`)
  return object
}

/** The source was written anew between being looked at and being shared. */
export class SourceChanged extends Error {
  override name = 'SourceChanged'
}

const TRIES = 5

/** Copies again from the new source when the old one was replaced in between; a source that never rests is a conflict. */
export async function retryWhenSourceChanges<T>(key: string, copy: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await copy()
    } catch (error) {
      if (!(error instanceof SourceChanged)) throw error
      if (tries === TRIES) throw conditionalRequestConflict(key)
    }
  }
}
