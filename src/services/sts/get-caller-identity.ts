import type { GetCallerIdentityRequest, GetCallerIdentityResponse } from '../../model/generated/sts.ts'
import type { RequestContext } from '../operation.ts'

export const getCallerIdentity = async (
  _input: GetCallerIdentityRequest,
  { principal }: RequestContext,
): Promise<GetCallerIdentityResponse> => ({
  UserId: principal.userId,
  Account: principal.account,
  Arn: principal.arn,
})
