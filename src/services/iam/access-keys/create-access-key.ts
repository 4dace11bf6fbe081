import { newAccessKeyId, newSecretAccessKey } from '../../../access/access-key-id.ts'
import type { CreateAccessKeyRequest, CreateAccessKeyResponse } from '../../../model/generated/iam.ts'
import { none, one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { noSuchUser, quotaExceeded } from '../errors.ts'
import type { IamDeps } from '../iam-deps.ts'
import { findKeyOwner, ownedBy } from './key-owner.ts'
import { sealSecret } from './key-secret.ts'

const MAX_KEYS = 2

/** The one answer that shows the secret. */
export async function createAccessKey(
  deps: IamDeps,
  input: CreateAccessKeyRequest,
  context: RequestContext,
): Promise<CreateAccessKeyResponse> {
  const owner = await findKeyOwner(deps, input.UserName, context)
  const id = newAccessKeyId('AKIA', owner.account)
  const secret = newSecretAccessKey()
  const { query } = deps.database
  const ownerThere =
    owner.userId === null
      ? []
      : [
          statement(
            query.selectFrom('iam_users').select('user_id').where('user_id', '=', owner.userId),
            one(() => noSuchUser(owner.name)),
          ),
        ]
  await deps.database.commit([
    ...ownerThere,
    statement(
      query
        .selectFrom('access_keys')
        .select('access_key_id')
        .where(ownedBy(owner))
        .offset(MAX_KEYS - 1)
        .limit(1),
      none(() => quotaExceeded('AccessKeysPerUser', MAX_KEYS)),
    ),
    statement(
      query.insertInto('access_keys').values({
        access_key_id: id,
        account: owner.account,
        user_id: owner.userId,
        secret: sealSecret(deps.masterKey, id, secret),
        status: 'Active',
        created_at: context.now,
      }),
    ),
  ])
  return {
    AccessKey: {
      UserName: owner.name,
      AccessKeyId: id,
      Status: 'Active',
      SecretAccessKey: secret,
      CreateDate: context.now,
    },
  }
}
