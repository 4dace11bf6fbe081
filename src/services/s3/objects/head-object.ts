import type { HeadObjectOutput, HeadObjectRequest } from '../../../model/generated/s3.ts'
import type { RequestContext } from '../../operation.ts'
import type { S3Deps } from '../s3-deps.ts'
import { readObject } from './read-object.ts'

/** What GetObject would answer, without the bytes. */
export async function headObject(
  deps: S3Deps,
  input: HeadObjectRequest,
  context: RequestContext,
): Promise<HeadObjectOutput> {
  const { object, head } = await readObject(deps, input, context)
  // A checksum tells about the bytes: S3 shows it to those only who may decrypt them.
  if (input.ChecksumMode === 'ENABLED') await deps.keys.open(context, object.encryption)
  return head
}
