import type { GetObjectOutput, GetObjectRequest } from '../../../model/generated/s3.ts'
import type { RequestContext } from '../../operation.ts'
import type { S3Deps } from '../s3-deps.ts'
import { readObject } from './read-object.ts'

/** An object's bytes, or a range or part of them, as a stream. */
export async function getObject(
  deps: S3Deps,
  input: GetObjectRequest,
  context: RequestContext,
): Promise<GetObjectOutput> {
  const { object, range, head } = await readObject(deps, input, context)
  const box = await deps.keys.open(context, object.encryption)
  const owner = { id: object.object_id, box }
  const body = range === undefined ? new Uint8Array(0) : await deps.content.open(owner, range.first, range.last)
  return { ...head, Body: body }
}
