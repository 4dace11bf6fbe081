import { afterEach, beforeEach } from 'vitest'
import type { Principal } from '../../src/access/principal.ts'
import { anonymousPrincipal } from '../../src/access/principals.ts'
import type { testStores } from './databases.ts'
import { Identities } from './identities.ts'
import { accountRoot, OTHER_ACCOUNT, startS3, type TestS3 } from './s3-service.ts'

export const OPEN = {
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: false,
  RestrictPublicBuckets: false,
}

export const as = (principal: Principal) => ({ principal })
export const stranger = as(accountRoot(OTHER_ACCOUNT))
export const nobody = as(anonymousPrincipal)

export const policyOf = (...statements: readonly object[]): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: statements.map((statement) => ({
      Effect: 'Allow',
      Principal: { AWS: OTHER_ACCOUNT },
      Action: 's3:GetObject',
      Resource: 'arn:aws:s3:::data/*',
      ...statement,
    })),
  })
export const mayAll = { Effect: 'Allow', Action: 's3:*', Resource: '*' }

/** A bucket `data` with an object `k` for each test of a `describe`, and what they do with it. */
export function guardedBucket(create: (typeof testStores)[number]['create']) {
  let current: TestS3
  /** Of the test that runs. */
  const s3 = new Proxy({} as TestS3, { get: (_, name) => Reflect.get(current, name) })
  beforeEach(async () => {
    current = await startS3(await create())
    await s3.call('CreateBucket', { Bucket: 'data' })
    await s3.put('data', 'k', 'v')
  })
  afterEach(() => current.stop())

  const putPolicy = (...statements: readonly object[]) =>
    s3.call('PutBucketPolicy', { Bucket: 'data', Policy: policyOf(...statements) })
  const open = () => s3.call('PutPublicAccessBlock', { Bucket: 'data', PublicAccessBlockConfiguration: OPEN })
  const text = async (by: { principal: Principal }, key = 'k') => {
    await s3.call('GetObject', { Bucket: 'data', Key: key }, by)
    return 'read'
  }
  const outcome = (call: Promise<unknown>) =>
    call.then(
      () => 'done',
      (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
    )

  const identity = async (kind: 'user' | 'role', name: string, account: string, ...statements: readonly object[]) =>
    as(await new Identities(s3.database, s3.changeFeed)[kind](account, name, ...statements))

  return { s3, putPolicy, open, text, outcome, identity }
}
