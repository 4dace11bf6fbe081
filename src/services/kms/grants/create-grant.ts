import { randomBytes } from 'node:crypto'
import type { CreateGrantRequest, CreateGrantResponse } from '../../../model/generated/kms.ts'
import type { GrantRow } from '../../../storage/schema/kms.ts'
import { none, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { dryRun, limitExceeded, refused } from '../errors.ts'
import { grantsBehind, requireKeyAccess } from '../key-access.ts'
import { keyArn, parseKeyOnlyReference } from '../keys/key-reference.ts'
import { requireEnabled } from '../keys/key-state.ts'
import { requireKey } from '../keys/key-store.ts'
import { accessTo, findKey } from '../keys/open-key.ts'
import type { KmsDeps } from '../kms-deps.ts'
import { covers, readGrant } from './grant.ts'
import { checkGrantRequest, grantFingerprint, uniqueSorted } from './grant-request.ts'
import { issueGrantToken, requireGrantTokens } from './grant-token.ts'

const ACTION = 'kms:CreateGrant'

/** Grants of one key. Source: the quotas of AWS KMS. */
const MOST = 50_000

/**
 * Gives somebody the use of a key, of this account or another. A request with a name that is made again answers with the
 * grant that it made the first time, and a token of its own.
 */
export async function createGrant(
  deps: KmsDeps,
  input: CreateGrantRequest,
  context: RequestContext,
): Promise<CreateGrantResponse> {
  const { database, masterKey } = deps
  const reference = parseKeyOnlyReference(input.KeyId, context)
  checkGrantRequest(input)
  requireGrantTokens(masterKey, input.GrantTokens)
  const key = await findKey(deps, context, reference, ACTION)
  const access = accessTo(context, key, { action: ACTION, conditions: grantConditions(input) })
  await requireKeyAccess(deps, access)
  const row = newGrant(key.key_id, key.region, input, context)
  const behind = await grantsBehind(deps, access)
  if (behind?.some((grant) => covers(grant, readGrant(row))) === false) {
    const reason = 'the grant that allows it does not give all that this one would'
    throw refused(context.principal.arn, ACTION, keyArn(key), reason)
  }
  requireEnabled(key)
  if (input.DryRun) throw dryRun()

  const { query } = database
  const [, , made] = await database.commit([
    requireKey(database, key),
    statement(
      query
        .insertInto('kms_grants')
        .values(row)
        .onConflict((conflict) => conflict.column('fingerprint').doNothing()),
    ),
    statement(
      row.fingerprint === null
        ? query.selectFrom('kms_grants').select('grant_id').where('grant_id', '=', row.grant_id)
        : query.selectFrom('kms_grants').select('grant_id').where('fingerprint', '=', row.fingerprint),
    ),
    statement(
      query.selectFrom('kms_grants').select('grant_id').where('key_id', '=', key.key_id).limit(1).offset(MOST),
      none(() => limitExceeded(`${keyArn(key)} has reached its limit of ${MOST} grants.`)),
    ),
  ])
  const grantId = made?.rows[0]?.grant_id as string
  return { GrantId: grantId, GrantToken: issueGrantToken(masterKey, grantId) }
}

/** Source: the condition keys of AWS KMS for CreateGrant. No service makes grants here, so none is for one. */
function grantConditions({ GranteePrincipal, RetiringPrincipal, Operations, Constraints }: CreateGrantRequest) {
  const { EncryptionContextEquals: equal, EncryptionContextSubset: subset } = Constraints ?? {}
  const constraint = equal === undefined ? 'EncryptionContextSubset' : 'EncryptionContextEquals'
  return {
    'kms:granteeprincipal': GranteePrincipal,
    'kms:retiringprincipal': RetiringPrincipal,
    'kms:grantoperations': Operations,
    'kms:grantconstrainttype': (equal ?? subset) === undefined ? undefined : constraint,
    'kms:grantisforawsresource': 'false',
  }
}

const newGrant = (keyId: string, region: string, input: CreateGrantRequest, context: RequestContext): GrantRow => ({
  grant_id: randomBytes(32).toString('hex'),
  key_id: keyId,
  region,
  name: input.Name ?? null,
  grantee: input.GranteePrincipal,
  retiring: input.RetiringPrincipal ?? null,
  operations: JSON.stringify(uniqueSorted(input.Operations)),
  constraints: input.Constraints === undefined ? null : JSON.stringify(input.Constraints),
  issuing_account: context.account,
  fingerprint: grantFingerprint(keyId, context.account, input),
  created_at: context.now,
})
