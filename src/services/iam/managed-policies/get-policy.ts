import type { GetPolicyRequest, GetPolicyResponse } from '../../../model/generated/iam.ts'
import type { RequestContext } from '../../operation.ts'
import type { IamDeps } from '../iam-deps.ts'
import { findPolicy, readUsage, toPolicy } from './policy-store.ts'

export async function getPolicy(
  deps: IamDeps,
  input: GetPolicyRequest,
  { account }: RequestContext,
): Promise<GetPolicyResponse> {
  const found = await findPolicy(deps, account, input.PolicyArn)
  return { Policy: toPolicy(found, await readUsage(deps, account)) }
}
