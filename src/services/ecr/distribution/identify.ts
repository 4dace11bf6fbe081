import type { Principal } from '../../../access/principal.ts'
import { openLogin, USER_NAME } from '../authorization/authorization-token.ts'
import type { EcrDeps } from '../ecr-deps.ts'
import { RegistryFault } from './fault.ts'
import { headerOf, type RegistryRequest } from './registry-request.ts'

/**
 * Who calls, by the login of GetAuthorizationToken. Undefined when the request carries none.
 * @throws RegistryFault for a login that is not one of ours, is over, or of somebody who is gone
 */
export async function identify(
  deps: Pick<EcrDeps, 'box' | 'identities'>,
  request: RegistryRequest,
): Promise<Principal | undefined> {
  const authorization = headerOf(request, 'authorization')
  if (authorization === undefined) return undefined
  const [, encoded] = /^Basic +([A-Za-z0-9+/=_-]+) *$/i.exec(authorization) ?? []
  if (encoded === undefined) throw unauthorized(request, 'The registry takes the login of GetAuthorizationToken')
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  const login = text.slice(0, colon) === USER_NAME ? openLogin(deps.box, text.slice(colon + 1)) : undefined
  if (login === undefined) throw unauthorized(request, 'The login was not made by GetAuthorizationToken of this server')
  // As ECR says it: clients show the sentence.
  if (login.expiration <= request.now)
    throw new RegistryFault(403, 'DENIED', 'Your authorization token has expired. Reauthenticate and try again.')
  const principal = await deps.identities.presentPrincipal(login.principal)
  if (principal === undefined) throw unauthorized(request, 'The login is of a user or role that there is no more')
  return principal
}

export const unauthorized = (request: RegistryRequest, message: string): RegistryFault =>
  new RegistryFault(401, 'UNAUTHORIZED', message, {
    'WWW-Authenticate': `Basic realm="${request.baseUrl}/",service="ecr.amazonaws.com"`,
  })
