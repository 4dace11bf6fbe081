import type { GetAuthorizationTokenRequest, GetAuthorizationTokenResponse } from '../../../model/generated/ecr.ts'
import type { RequestContext } from '../../operation.ts'
import type { EcrDeps } from '../ecr-deps.ts'
import { sealLogin, TOKEN_MILLISECONDS, USER_NAME } from './authorization-token.ts'

/**
 * One login for each registry that is named (the member is deprecated), or one for the caller's own. Every one of them
 * is the caller's, and opens what repositories let the caller do.
 */
export async function getAuthorizationToken(
  deps: Pick<EcrDeps, 'box'>,
  input: GetAuthorizationTokenRequest,
  context: RequestContext,
): Promise<GetAuthorizationTokenResponse> {
  const expiresAt = context.now + TOKEN_MILLISECONDS
  const password = sealLogin(deps.box, { principal: context.principal, expiration: expiresAt })
  const authorizationToken = Buffer.from(`${USER_NAME}:${password}`).toString('base64')
  const login = { authorizationToken, expiresAt, proxyEndpoint: context.baseUrl }
  return { authorizationData: (input.registryIds ?? [context.account]).map(() => login) }
}
