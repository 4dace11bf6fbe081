import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'

import { servicePrincipal } from '../../../src/access/principals.ts'

import { testStores } from '../../support/databases.ts'
import { as, guardedBucket, mayAll, nobody, OPEN, policyOf, stranger } from '../../support/guarded-bucket.ts'
import { ACCOUNT, accountRoot, OTHER_ACCOUNT, refused } from '../../support/s3-service.ts'

describe.each(testStores)('who may use a bucket, on $dialect', ({ create }) => {
  const { s3, putPolicy, open, text, outcome, identity } = guardedBucket(create)

  test('a policy opens it to another account, and closes it again', async () => {
    expect(await outcome(text(stranger))).toMatch(/no resource-based policy allows/)
    await putPolicy({})
    expect(await text(stranger)).toBe('read')
    expect(await outcome(s3.call('PutObject', { Bucket: 'data', Key: 'k' }, stranger))).toMatch(/s3:PutObject/)
    expect(await s3.call('GetBucketPolicy', { Bucket: 'data' })).toEqual({ Policy: policyOf({}) })
    expect(await s3.call('GetBucketPolicyStatus', { Bucket: 'data' })).toEqual({ PolicyStatus: { IsPublic: false } })
    await s3.call('DeleteBucketPolicy', { Bucket: 'data' })
    expect(await outcome(text(stranger))).toMatch(/no resource-based policy allows/)
    expect(await refused(s3.call('GetBucketPolicy', { Bucket: 'data' }))).toMatchObject({
      code: 'NoSuchBucketPolicy',
      status: 404,
      message: 'The bucket policy does not exist',
    })
    expect(await refused(s3.call('GetBucketPolicyStatus', { Bucket: 'data' }))).toMatchObject({
      code: 'NoSuchBucketPolicy',
    })
    await s3.call('DeleteBucketPolicy', { Bucket: 'data' })
  })

  test('both accounts must allow: the other account’s users need their own leave as well', async () => {
    const ann = await identity('user', 'ann', OTHER_ACCOUNT, mayAll)
    const bob = await identity('user', 'bob', OTHER_ACCOUNT)
    await putPolicy({})
    expect(await text(ann)).toBe('read')
    expect(await outcome(text(bob))).toBe(
      `AccessDenied: User: arn:aws:iam::${OTHER_ACCOUNT}:user/bob is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::data/k" because no identity-based policy allows the s3:GetObject action`,
    )
    // Within the account, a policy that names the user is enough.
    const own = await identity('user', 'own', ACCOUNT)
    expect(await outcome(text(own))).toMatch(/no identity-based policy allows/)
    await putPolicy({ Principal: { AWS: `arn:aws:iam::${ACCOUNT}:user/own` } })
    expect(await text(own)).toBe('read')
  })

  test('a denial in it wins over everything, but never takes the policy away from the owner’s root', async () => {
    await putPolicy(
      {},
      { Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: ['arn:aws:s3:::data', 'arn:aws:s3:::data/*'] },
    )
    const admin = await identity('user', 'admin', ACCOUNT, mayAll)
    for (const who of [stranger, admin, as(accountRoot(ACCOUNT))])
      expect(await outcome(text(who))).toMatch(/with an explicit deny in a resource-based policy$/)
    expect(await outcome(s3.call('GetBucketPolicy', { Bucket: 'data' }, admin))).toMatch(/explicit deny/)
    expect(await outcome(s3.call('ListObjectsV2', { Bucket: 'data' }))).toMatch(/explicit deny/)
    await s3.call('GetBucketPolicy', { Bucket: 'data' })
    await putPolicy({})
    expect(await text(stranger)).toBe('read')
    await putPolicy({
      Effect: 'Deny',
      Principal: undefined,
      NotPrincipal: { AWS: OTHER_ACCOUNT },
      Resource: 'arn:aws:s3:::data/*',
    })
    expect(await outcome(text(as(accountRoot(ACCOUNT))))).toMatch(/explicit deny/)
    await s3.call('DeleteBucketPolicy', { Bucket: 'data' })
    expect(await text(as(accountRoot(ACCOUNT)))).toBe('read')
  })

  test('another account that is allowed to cannot use the policy all the same', async () => {
    await putPolicy({ Action: 's3:*', Resource: 'arn:aws:s3:::data' })
    for (const [name, input] of [
      ['GetBucketPolicy', { Bucket: 'data' }],
      ['PutBucketPolicy', { Bucket: 'data', Policy: policyOf({}) }],
      ['DeleteBucketPolicy', { Bucket: 'data' }],
    ] as const)
      expect(await refused(s3.call(name, input as never, stranger))).toMatchObject({
        code: 'MethodNotAllowed',
        status: 405,
      })
    expect(await s3.call('GetBucketPolicyStatus', { Bucket: 'data' }, stranger)).toBeDefined()
  })

  // biome-ignore format: one case a line
  test.each([
    ['', 'Policies must be valid JSON and the first byte must be \'{\''],
    ['{', 'Policies must be valid JSON and the first byte must be \'{\''],
    ['{"Statement":[]}', 'Could not parse the policy: Statement is empty!'],
    [policyOf({ Resource: 'arn:aws:s3:::other/*' }), 'Policy has invalid resource'],
    [policyOf({ Resource: '*' }), 'Policy has invalid resource'],
    [policyOf({ Resource: 'arn:aws:s3:::dat' }), 'Policy has invalid resource'],
    [policyOf({ Action: 'sqs:*' }), 'Policy has invalid action'],
    [policyOf({ Action: 's3:ListBucket' }), 'Action does not apply to any resource(s) in statement'],
    [policyOf({ Action: ['s3:GetObject', 's3:ListBucket'] }), 'Action does not apply to any resource(s) in statement'],
    [policyOf({ Resource: 'arn:aws:s3:::data' }), 'Action does not apply to any resource(s) in statement'],
    [policyOf({ Effect: 'allow' }), 'Invalid effect: allow'],
    [policyOf({ Principal: { AWS: `arn:aws:iam::${ACCOUNT}:role/nobody` } }), 'Invalid principal in policy'],
    [policyOf({ Principal: { AWS: `arn:aws:iam::${ACCOUNT}:user/constructor` } }), 'Invalid principal in policy'],
    [policyOf({ Sid: 'x'.repeat(20_480) }), 'Policy exceeds the maximum allowed document size.'],
    [policyOf({ Sid: 'ü'.repeat(10_200) }), 'Policy exceeds the maximum allowed document size.'],
  ])('the policy %.80s is refused', async (Policy, message) => {
    expect(await refused(s3.call('PutBucketPolicy', { Bucket: 'data', Policy }))).toMatchObject({
      code: 'MalformedPolicy',
      status: 400,
      message,
    })
    expect(await outcome(s3.call('GetBucketPolicy', { Bucket: 'data' }))).toMatch(/^NoSuchBucketPolicy/)
  })

  // biome-ignore format: one case a line
  test.each([
    [{ Action: 's3:*' }], [{ Action: 's3:*', Resource: 'arn:aws:s3:::data' }], [{ Action: 's3:L*' , Resource: 'arn:aws:s3:::data' }],
    [{ Action: ['s3:GetObject', 's3:ListBucket'], Resource: ['arn:aws:s3:::data', 'arn:aws:s3:::data/*'] }],
    [{ Action: ['s3:GetObject', 's3:ListBucket'], Resource: 'arn:aws:s3:::data*' }],
    [{ NotAction: 's3:ListBucket', Action: undefined }],
  ])('the policy %j is taken', async (statement) => {
    await putPolicy(statement)
  })

  test('new buckets refuse a public policy until they are told not to', async () => {
    const all = { ...OPEN, BlockPublicPolicy: true, RestrictPublicBuckets: true }
    expect(await s3.call('GetPublicAccessBlock', { Bucket: 'data' })).toEqual({ PublicAccessBlockConfiguration: all })
    const everyone = { Principal: '*' }
    expect(await refused(putPolicy(everyone))).toMatchObject({
      code: 'AccessDenied',
      status: 403,
      message: `User: arn:aws:iam::${ACCOUNT}:root is not authorized to perform: s3:PutBucketPolicy on resource: "arn:aws:s3:::data" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.`,
    })
    await putPolicy({ ...everyone, Condition: { StringEquals: { 'aws:PrincipalAccount': OTHER_ACCOUNT } } })
    await s3.call('DeletePublicAccessBlock', { Bucket: 'data' })
    expect(await refused(s3.call('GetPublicAccessBlock', { Bucket: 'data' }))).toMatchObject({
      code: 'NoSuchPublicAccessBlockConfiguration',
      status: 404,
      message: 'The public access block configuration was not found',
    })
    await putPolicy(everyone)
    expect(await s3.call('GetBucketPolicyStatus', { Bucket: 'data' })).toEqual({ PolicyStatus: { IsPublic: true } })
    expect(await text(nobody)).toBe('read')
    const partial = { PublicAccessBlockConfiguration: { BlockPublicAcls: true } }
    await s3.call('PutPublicAccessBlock', { Bucket: 'data', ...partial })
    expect(await s3.call('GetPublicAccessBlock', { Bucket: 'data' })).toEqual({
      PublicAccessBlockConfiguration: { ...OPEN, IgnorePublicAcls: false },
    })
  })

  test('who has not signed is decided about by the policy alone', async () => {
    expect(await outcome(text(nobody))).toMatch(/^AccessDenied/)
    await open()
    await putPolicy({ Principal: '*' })
    expect(await text(nobody)).toBe('read')
    expect(await outcome(s3.call('ListObjectsV2', { Bucket: 'data' }, nobody))).toMatch(/^AccessDenied/)
    // A key that is not there is not told to who may not list.
    expect(await outcome(text(nobody, 'gone'))).toMatch(/^AccessDenied: .*s3:ListBucket/)
    expect(await outcome(s3.call('GetObject', { Bucket: 'no-such', Key: 'k' }, nobody))).toMatch(/^NoSuchBucket/)
    expect(await outcome(s3.call('GetObject', { Bucket: 'No_Bucket', Key: 'k' }, nobody))).toMatch(/^InvalidBucketName/)
    expect(await outcome(s3.call('ListBuckets', {}, nobody))).toMatch(/^AccessDenied/)
    expect(await outcome(s3.call('CreateBucket', { Bucket: 'theirs' }, nobody))).toMatch(/^AccessDenied/)
    await putPolicy({
      Principal: { AWS: '*' },
      Action: ['s3:GetObject', 's3:ListBucket', 's3:PutObject'],
      Resource: 'arn:aws:s3:::data*',
    })
    expect(await outcome(text(nobody, 'gone'))).toMatch(/^NoSuchKey/)
    await s3.put('data', 'by-nobody', 'x')
    expect(
      await outcome(
        s3.call('PutObject', { Bucket: 'data', Key: 'n', Body: Readable.from([Buffer.from('x')]) }, nobody),
      ),
    ).toBe('done')
  })

  test('RestrictPublicBuckets holds a public policy to the account and to services', async () => {
    await open()
    await putPolicy(
      { Principal: '*', Action: ['s3:GetObject', 's3:ListBucket'], Resource: 'arn:aws:s3:::data*' },
      { Principal: { AWS: OTHER_ACCOUNT } },
    )
    const own = await identity('user', 'own', ACCOUNT)
    expect(await Promise.all([nobody, stranger, own].map((who) => text(who)))).toEqual(['read', 'read', 'read'])
    const settings = { ...OPEN, RestrictPublicBuckets: true }
    await s3.call('PutPublicAccessBlock', { Bucket: 'data', PublicAccessBlockConfiguration: settings })
    expect(await outcome(text(nobody))).toMatch(/no resource-based policy/)
    expect(await outcome(text(stranger))).toMatch(/no resource-based policy/)
    expect(await text(own)).toBe('read')
    expect(await text(as(servicePrincipal('sagemaker.amazonaws.com')))).toBe('read')
    // A policy that is not public stays what it is.
    await putPolicy({})
    expect(await text(stranger)).toBe('read')
  })
})
