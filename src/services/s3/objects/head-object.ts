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
  return (await readObject(deps, input, context)).head
}
