import type { KeyRow } from '../../../storage/schema/kms.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { KmsDeps } from '../kms-deps.ts'
import { managedKeyPolicy } from '../policies/key-policy.ts'
import { enqueueRotation, YEAR_IN_DAYS } from '../rotation/rotate-key.ts'
import type { KmsScope } from './key-reference.ts'
import { findKeyByAlias } from './key-store.ts'
import { newKey } from './new-key.ts'

/** What AWS managed keys protect when no other key is named, by the service they are for. */
const MANAGED: Readonly<Record<string, string>> = {
  ecr: 'Default key that protects my ECR data when no other key is defined',
  lambda: 'Default key that protects my Lambda functions when no other key is defined',
  s3: 'Default key that protects my S3 objects when no other key is defined',
  sagemaker: 'Default key that protects my SageMaker data when no other key is defined',
}

export const MANAGED_PREFIX = 'alias/aws/'

/** The service that the AWS managed key of this alias is for; undefined for any other alias. */
export function managedServiceOf(alias: string): string | undefined {
  const service = alias.startsWith(MANAGED_PREFIX) ? alias.slice(MANAGED_PREFIX.length) : ''
  return Object.hasOwn(MANAGED, service) ? service : undefined
}

/** The key that AWS manages for a service in an account and region; made when it is first asked for. */
export async function ensureManagedKey(deps: KmsDeps, scope: KmsScope, service: string): Promise<KeyRow> {
  const { database, clock } = deps
  const { account, region } = scope
  const name = `${MANAGED_PREFIX}${service}`
  const now = clock.now()
  const { key, statements } = newKey(
    deps,
    {
      account,
      region,
      manager: 'AWS',
      managed_for: service,
      description: MANAGED[service] ?? '',
      policy: managedKeyPolicy(account, region, service),
      tags: '[]',
      rotation_days: YEAR_IN_DAYS,
      next_rotation_at: now + YEAR_IN_DAYS * 86_400_000,
    },
    now,
  )
  const alias = { account, region, name, key_id: key.key_id, created_at: now, updated_at: now }
  try {
    await database.commit([
      statement(
        database.query
          .insertInto('kms_aliases')
          .values(alias)
          .onConflict((conflict) => conflict.doNothing()),
        one(() => new Overtaken()),
      ),
      ...statements,
      enqueueRotation(deps, key),
    ])
    return key
  } catch (error) {
    if (!(error instanceof Overtaken)) throw error
    // Somebody else made it at the same moment. It is never deleted.
    return (await findKeyByAlias(database, scope, name)) as KeyRow
  }
}

class Overtaken extends Error {}
