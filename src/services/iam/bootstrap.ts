import { newAccessKeyId, newSecretAccessKey } from '../../access/access-key-id.ts'
import { iamUniqueId } from '../../shared/ids.ts'
import type { SealedBox } from '../../shared/sealed-box.ts'
import type { Database, Statement } from '../../storage/database.ts'
import { one, statement } from '../../storage/statement.ts'
import { sealSecret } from './access-keys/key-secret.ts'
import { DEFAULT_ACCOUNT, readRootCredentials } from './root-credentials.ts'

/** The execution role that every account starts with. */
const EXECUTION_ROLE = 'SageMakerExecutionRole'

const TRUST_POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { Service: ['sagemaker.amazonaws.com', 'lambda.amazonaws.com'] },
      Action: 'sts:AssumeRole',
    },
  ],
})

class AccountExists extends Error {}

/**
 * Makes sure that the default account exists, with a root access key and an execution role. All workers may do so at
 * the same moment; what an administrator has deleted since is not made again.
 * @throws StartError when the database's secrets were sealed with another master key
 */
export async function bootstrapAccount(db: Database, masterKey: SealedBox, now: number): Promise<void> {
  await createAccount(db, masterKey, DEFAULT_ACCOUNT, now)
  await readRootCredentials(db, masterKey, DEFAULT_ACCOUNT)
}

/** Makes an account with a root access key and an execution role. One that exists already stays as it is. */
export async function createAccount(db: Database, masterKey: SealedBox, account: string, now: number): Promise<void> {
  try {
    await db.commit(newAccount(db, masterKey, account, now))
  } catch (error) {
    if (!(error instanceof AccountExists)) throw error
  }
}

function newAccount(db: Database, masterKey: SealedBox, account: string, now: number): Statement[] {
  const accessKeyId = newAccessKeyId('AKIA', account)
  const roleId = iamUniqueId('AROA')
  const policyName = 'AmazonSageMakerFullAccess'
  return [
    statement(
      db.query
        .insertInto('access_accounts')
        .values({ account, created_at: now })
        .onConflict((conflict) => conflict.doNothing()),
      one(() => new AccountExists()),
    ),
    statement(
      db.query.insertInto('access_keys').values({
        access_key_id: accessKeyId,
        account,
        user_id: null,
        secret: sealSecret(masterKey, accessKeyId, newSecretAccessKey()),
        status: 'Active',
        created_at: now,
      }),
    ),
    statement(
      db.query.insertInto('iam_roles').values({
        account,
        name_key: EXECUTION_ROLE.toLowerCase(),
        name: EXECUTION_ROLE,
        path: '/',
        role_id: roleId,
        trust_policy: TRUST_POLICY,
        description: 'Execution role that Slipway creates with the account.',
        max_session_duration: 3600,
        permissions_boundary: null,
        tags: '[]',
        created_at: now,
      }),
    ),
    statement(
      db.query.insertInto('iam_attachments').values({
        account,
        owner_kind: 'role',
        owner_id: roleId,
        policy_arn: `arn:aws:iam::aws:policy/${policyName}`,
        policy_name: policyName,
      }),
    ),
  ]
}
