import type { DeleteRetentionPolicyRequest } from '../../../model/generated/logs.ts'
import type { RequestContext } from '../../operation.ts'
import type { LogsDeps } from '../deps.ts'
import { setRetention } from './put-retention-policy.ts'

/** Lets a group's events live for ever again (within the configured space). */
export async function deleteRetentionPolicy(
  { database }: LogsDeps,
  input: DeleteRetentionPolicyRequest,
  context: RequestContext,
): Promise<undefined> {
  await setRetention(database, context, input.logGroupName, null)
  return undefined
}
