import type { UpdateAccessKeyRequest } from '../../../model/generated/iam.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { noSuchAccessKey } from '../errors.ts'
import type { IamDeps } from '../iam-deps.ts'
import { credentialsChanged } from './key-changes.ts'
import { findKeyOwner, ownedBy } from './key-owner.ts'

export async function updateAccessKey(
  deps: IamDeps,
  input: UpdateAccessKeyRequest,
  context: RequestContext,
): Promise<void> {
  const owner = await findKeyOwner(deps, input.UserName, context)
  await deps.database.commit([
    statement(
      deps.database.query
        .updateTable('access_keys')
        .set({ status: input.Status })
        .where('access_key_id', '=', input.AccessKeyId)
        .where(ownedBy(owner) as never),
      one(() => noSuchAccessKey(input.AccessKeyId)),
    ),
    credentialsChanged(deps.changeFeed, input.AccessKeyId),
  ])
}
