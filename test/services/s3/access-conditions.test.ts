import { describe, expect, test } from 'vitest'

import type { RequestSignature } from '../../../src/services/authorizer.ts'
import { canonicalId } from '../../../src/services/s3/owner.ts'

import { ORIGIN } from '../../support/authorizer.ts'
import { testStores } from '../../support/databases.ts'
import { as, guardedBucket, stranger } from '../../support/guarded-bucket.ts'
import { ACCOUNT, accountRoot, OTHER_ACCOUNT } from '../../support/s3-service.ts'

describe.each(testStores)('what the policy of a bucket looks at, on $dialect', ({ create }) => {
  const { s3, putPolicy, text, outcome, identity } = guardedBucket(create)

  test('policies look at what a request says', async () => {
    const bob = await identity('user', 'bob', ACCOUNT)
    const may = async (Condition: object, Action: string, call: () => Promise<unknown>) => {
      await putPolicy({
        Principal: { AWS: `arn:aws:iam::${ACCOUNT}:user/bob` },
        Action,
        Resource: ['arn:aws:s3:::data', 'arn:aws:s3:::data/*'],
        Condition,
      })
      return (await outcome(call())) === 'done'
    }
    const list = (input: object) => () => s3.call('ListObjectsV2', { Bucket: 'data', ...input }, bob)
    const home = { StringLike: { 's3:prefix': ['home/bob/*', ''] }, StringEquals: { 's3:delimiter': '/' } }
    expect(await may(home, 's3:ListBucket', list({ Prefix: 'home/bob/x', Delimiter: '/' }))).toBe(true)
    expect(await may(home, 's3:ListBucket', list({ Delimiter: '/' }))).toBe(true)
    expect(await may(home, 's3:ListBucket', list({ Prefix: 'home/ann/', Delimiter: '/' }))).toBe(false)
    const few = { NumericLessThanEquals: { 's3:max-keys': '10' } }
    expect(await may(few, 's3:ListBucket', list({ MaxKeys: 10 }))).toBe(true)
    expect(await may(few, 's3:ListBucket', list({ MaxKeys: 11 }))).toBe(false)
    expect(await may(few, 's3:ListBucket', list({}))).toBe(false)
    const put = (input: object) => () => s3.call('PutObject', { Bucket: 'data', Key: 'p', ...input }, bob)
    const owners = { StringEquals: { 's3:x-amz-acl': 'bucket-owner-full-control' } }
    expect(await may(owners, 's3:PutObject', put({ ACL: 'bucket-owner-full-control' }))).toBe(true)
    expect(await may(owners, 's3:PutObject', put({}))).toBe(false)
    const sealed = { StringEquals: { 's3:x-amz-server-side-encryption': 'AES256' } }
    expect(await may(sealed, 's3:PutObject', put({ ServerSideEncryption: 'AES256' }))).toBe(true)
    expect(await may(sealed, 's3:PutObject', put({}))).toBe(false)
    const team = { StringEquals: { 's3:RequestObjectTag/Team': 'ml' } }
    expect(await may(team, 's3:PutObject*', put({ Tagging: 'Team=ml' }))).toBe(true)
    expect(await may(team, 's3:PutObject*', put({ Tagging: 'Team=ops' }))).toBe(false)
    const onlyTeam = { 'ForAllValues:StringEquals': { 's3:RequestObjectTagKeys': ['Team'] } }
    expect(await may(onlyTeam, 's3:PutObject*', put({ Tagging: 'Team=ml&x=y' }))).toBe(false)
    const account = (id: string) => ({ StringEquals: { 's3:ResourceAccount': id } })
    expect(await may(account(ACCOUNT), 's3:PutObject', put({}))).toBe(true)
    expect(await may(account(OTHER_ACCOUNT), 's3:PutObject', put({}))).toBe(false)
    const from = { StringLike: { 's3:x-amz-copy-source': 'data/k*' } }
    const copy = (source: string) => () => s3.call('CopyObject', { Bucket: 'data', Key: 'c', CopySource: source }, bob)
    await s3.put('data', 'other', 'x')
    const source = { ...from, StringLikeIfExists: from.StringLike, StringLike: undefined }
    expect(await may(source, 's3:*Object', copy('/data/%6b'))).toBe(true)
    expect(await may(source, 's3:*Object', copy('data/other'))).toBe(false)
  })

  test('policies look at how a request is signed', async () => {
    const signed = (signature: RequestSignature | undefined) => ({
      principal: accountRoot(ACCOUNT),
      origin: { ...ORIGIN, signature },
    })
    const header: RequestSignature = {
      version: 'AWS4-HMAC-SHA256',
      inQuery: false,
      madeAt: ORIGIN.now,
      contentSha256: 'UNSIGNED-PAYLOAD',
    }
    const presigned: RequestSignature = { ...header, inQuery: true, madeAt: ORIGIN.now - 600_001 }
    const deny = { Effect: 'Deny', Principal: '*' }
    const get = (signature: RequestSignature | undefined) =>
      outcome(s3.call('GetObject', { Bucket: 'data', Key: 'k' }, signed(signature)))
    await putPolicy({ ...deny, Condition: { NumericGreaterThan: { 's3:signatureAge': '600000' } } })
    expect(await get(presigned)).toMatch(/explicit deny/)
    expect(await get({ ...presigned, madeAt: ORIGIN.now - 600_000 })).toBe('done')
    expect(await get(header)).toBe('done')
    await putPolicy({ ...deny, Condition: { StringNotEquals: { 's3:authType': 'REST-HEADER' } } })
    expect(await get(presigned)).toMatch(/explicit deny/)
    expect(await get(header)).toBe('done')
    await putPolicy({ ...deny, Condition: { StringEquals: { 's3:signatureversion': 'AWS' } } })
    expect(await get({ version: 'AWS', inQuery: true })).toMatch(/explicit deny/)
    expect(await get(header)).toBe('done')
    await putPolicy({ ...deny, Condition: { StringEquals: { 's3:x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } } })
    expect(await get(header)).toMatch(/explicit deny/)
    expect(await get({ ...header, contentSha256: '0'.repeat(64) })).toBe('done')
  })

  test('tags of an object decide where a policy asks for them', async () => {
    const statement = {
      Effect: 'Allow',
      Action: 's3:GetObject',
      Resource: 'arn:aws:s3:::*',
      Condition: { StringEqualsIgnoreCase: { 's3:ExistingObjectTag/SageMaker': 'true' } },
    }
    const role = await identity('role', 'execution', ACCOUNT, statement)
    expect(await outcome(text(role))).toMatch(/no identity-based policy/)
    await s3.put('data', 'tagged', 'x', { Tagging: 'SageMaker=True' })
    expect(await text(role, 'tagged')).toBe('read')
    expect(await outcome(text(role, 'gone'))).toMatch(/s3:GetObject on resource/)
    await s3.call('PutObjectTagging', { Bucket: 'data', Key: 'tagged', Tagging: { TagSet: [] } })
    expect(await outcome(text(role, 'tagged'))).toMatch(/no identity-based policy/)
    const secret = {
      Effect: 'Deny',
      Principal: '*',
      Condition: { StringEquals: { 's3:ExistingObjectTag/level': 'secret' } },
    }
    await putPolicy(secret)
    await s3.put('data', 'secret', 'x', { Tagging: 'level=secret' })
    expect(await outcome(text(as(accountRoot(ACCOUNT)), 'secret'))).toMatch(/explicit deny/)
    expect(await text(as(accountRoot(ACCOUNT)), 'k')).toBe('read')
  })

  test('a canonical user id stands for its account', async () => {
    await putPolicy({ Principal: { CanonicalUser: canonicalId(OTHER_ACCOUNT) } })
    expect(await text(stranger)).toBe('read')
    expect(await outcome(text(as(accountRoot('333333333333'))))).toMatch(/no resource-based policy/)
  })
})
