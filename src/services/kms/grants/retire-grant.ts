import { compileGrant } from '../../../access/evaluation/grant.ts'
import type { RetireGrantRequest } from '../../../model/generated/kms.ts'
import type { GrantRow } from '../../../storage/schema/kms.ts'
import { validationException } from '../../../wire/service-error.ts'
import type { RequestContext } from '../../operation.ts'
import { dryRun, grantMissing } from '../errors.ts'
import { CLOSED } from '../key-access.ts'
import { keyArn, parseKeyOnlyReference } from '../keys/key-reference.ts'
import { findKeyById } from '../keys/key-store.ts'
import { findKey } from '../keys/open-key.ts'
import type { KmsDeps } from '../kms-deps.ts'
import { readGrant, retirers } from './grant.ts'
import { findGrant, findGrantById, removeGrant } from './grant-store.ts'
import { grantOfToken } from './grant-token.ts'

const ACTION = 'kms:RetireGrant'

/** Gives a grant back. The grant itself says who may, and no key's policy; see retirers. */
export async function retireGrant(
  deps: KmsDeps,
  input: RetireGrantRequest,
  context: RequestContext,
): Promise<undefined> {
  const grant = await namedGrant(deps, input, context)
  const key = await findKeyById(deps.database, grant.key_id)
  // Deleted meanwhile, with all its grants.
  if (key === undefined) throw grantMissing(grant.grant_id)
  const { principal, origin } = context
  const leave = retirers(readGrant(grant)).map((granteePrincipal) =>
    compileGrant({ grantId: grant.grant_id, granteePrincipal, operations: ['RetireGrant'] }),
  )
  await deps.authorizer.require({
    principal,
    action: ACTION,
    resource: keyArn(key),
    origin,
    resourceSide: { account: key.account, policies: { ...CLOSED, grants: leave } },
  })
  if (input.DryRun) throw dryRun()
  await removeGrant(deps.database, grant.grant_id)
  return undefined
}

async function namedGrant(deps: KmsDeps, input: RetireGrantRequest, context: RequestContext): Promise<GrantRow> {
  const { GrantToken: token, KeyId: keyId, GrantId: grantId } = input
  if (token !== undefined) {
    if (keyId !== undefined || grantId !== undefined) {
      throw validationException('Specify either a grant token or a key ID and a grant ID, not both.')
    }
    const id = grantOfToken(deps.masterKey, token)
    const grant = await findGrantById(deps.database, id)
    if (grant === undefined || grant.region !== context.region) throw grantMissing(id)
    return grant
  }
  if (keyId === undefined || grantId === undefined) {
    throw validationException('Grant token OR (grant ID, key ID) must be specified')
  }
  const key = await findKey(deps, context, parseKeyOnlyReference(keyId, context), ACTION)
  return findGrant(deps.database, key.key_id, grantId)
}
