import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Principal } from '../../../src/access/principal.ts'
import { anonymousPrincipal, servicePrincipal } from '../../../src/access/principals.ts'
import type { RequestSignature } from '../../../src/services/authorizer.ts'
import { canonicalId } from '../../../src/services/s3/owner.ts'
import { createS3Facade } from '../../../src/services/s3/s3-facade.ts'
import { ORIGIN } from '../../support/authorizer.ts'
import { testStores } from '../../support/databases.ts'
import { Identities } from '../../support/identities.ts'
import { ACCOUNT, accountRoot, OTHER_ACCOUNT, refused, startS3, type TestS3 } from '../../support/s3-service.ts'

const OPEN = { BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: false, RestrictPublicBuckets: false }

const as = (principal: Principal) => ({ principal })
const stranger = as(accountRoot(OTHER_ACCOUNT))
const nobody = as(anonymousPrincipal)

const policyOf = (...statements: readonly object[]): string =>
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

describe.each(testStores)('who may use a bucket, on $dialect', ({ create }) => {
  let s3: TestS3
  beforeEach(async () => {
    s3 = await startS3(await create())
    await s3.call('CreateBucket', { Bucket: 'data' })
    await s3.put('data', 'k', 'v')
  })
  afterEach(() => s3.stop())

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
  const mayAll = { Effect: 'Allow', Action: 's3:*', Resource: '*' }

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

  test('a key that is not there is told to who may list', async () => {
    const reader = await identity('user', 'reader', ACCOUNT, { ...mayAll, Action: 's3:GetObject*' })
    const lister = await identity('user', 'lister', ACCOUNT, mayAll)
    expect(await outcome(text(lister, 'gone'))).toBe('NoSuchKey: The specified key does not exist.')
    const denied = `AccessDenied: User: arn:aws:iam::${ACCOUNT}:user/reader is not authorized to perform: s3:ListBucket on resource: "arn:aws:s3:::data" because no identity-based policy allows the s3:ListBucket action`
    expect(await outcome(text(reader, 'gone'))).toBe(denied)
    for (const name of ['HeadObject', 'GetObjectTagging', 'GetObjectAcl'] as const)
      expect(await outcome(s3.call(name, { Bucket: 'data', Key: 'gone' }, reader))).toBe(denied)
    const copy = { Bucket: 'data', Key: 'copy', CopySource: 'data/gone' }
    const copier = await identity('user', 'copier', ACCOUNT, { ...mayAll, Action: ['s3:GetObject', 's3:PutObject'] })
    expect(await outcome(s3.call('CopyObject', copy, copier))).toMatch(/s3:ListBucket/)
  })

  test('a bucket that is not there is decided about by the caller’s own side', async () => {
    const bob = await identity('user', 'bob', ACCOUNT)
    const call = (by: { principal: Principal }) => s3.call('ListObjectsV2', { Bucket: 'no-such' }, by)
    expect(await outcome(call(bob))).toMatch(/^AccessDenied: .*no identity-based policy/)
    expect(await outcome(call(as(accountRoot(ACCOUNT))))).toMatch(/^NoSuchBucket/)
  })

  test('a name belongs to one account, and is not what it was once another has it', async () => {
    await putPolicy({})
    expect(await text(stranger)).toBe('read')
    expect(await outcome(s3.call('CreateBucket', { Bucket: 'data' }, stranger))).toMatch(/^BucketAlreadyExists/)
    const bob = await identity('user', 'bob', OTHER_ACCOUNT)
    expect(await outcome(s3.call('CreateBucket', { Bucket: 'data' }, bob))).toMatch(/^AccessDenied/)
    await s3.call('DeleteObject', { Bucket: 'data', Key: 'k' })
    await s3.call('DeleteBucket', { Bucket: 'data' })
    await s3.call('CreateBucket', { Bucket: 'data' }, stranger)
    await s3.call('PutObject', { Bucket: 'data', Key: 'k', Body: Readable.from([Buffer.from('theirs')]) }, stranger)
    expect(await outcome(text(as(accountRoot(ACCOUNT))))).toMatch(/no resource-based policy/)
    expect(await outcome(s3.call('GetBucketPolicy', { Bucket: 'data' }, stranger))).toMatch(/^NoSuchBucketPolicy/)
  })

  test('the expected owner is held to, of a source too', async () => {
    await putPolicy({ Action: 's3:*', Resource: ['arn:aws:s3:::data', 'arn:aws:s3:::data/*'] })
    const wrong = { Bucket: 'data', ExpectedBucketOwner: OTHER_ACCOUNT }
    for (const call of [
      s3.call('GetObject', { ...wrong, Key: 'k' }, stranger),
      s3.call('PutObject', { ...wrong, Key: 'k' }, stranger),
      s3.call('ListObjectsV2', wrong, stranger),
      s3.call('GetBucketAcl', wrong, stranger),
      s3.call('GetPublicAccessBlock', wrong, stranger),
      s3.call('PutBucketPolicy', { ...wrong, Policy: policyOf({}) }),
      s3.call('DeleteObjects', { ...wrong, Delete: { Objects: [{ Key: 'k' }] } }),
      s3.call('GetBucketOwnershipControls', wrong),
    ])
      expect(await outcome(call)).toBe('AccessDenied: Access Denied')
    await s3.call('CreateBucket', { Bucket: 'theirs' }, stranger)
    const copy = { Bucket: 'theirs', Key: 'k', CopySource: 'data/k' }
    const expected = (ExpectedSourceBucketOwner: string) =>
      outcome(s3.call('CopyObject', { ...copy, ExpectedSourceBucketOwner }, stranger))
    expect(await expected(OTHER_ACCOUNT)).toBe('AccessDenied: Access Denied')
    expect(await expected(ACCOUNT)).toBe('done')
  })

  test('what another account writes belongs to the bucket’s owner', async () => {
    await putPolicy({ Action: 's3:PutObject' })
    const body = () => ({ Body: Readable.from([Buffer.from('x')]) })
    await s3.call('PutObject', { Bucket: 'data', Key: 'new', ACL: 'bucket-owner-full-control', ...body() }, stranger)
    const upload = { Bucket: 'data', Key: 'parts' }
    const { UploadId = '' } = await s3.call('CreateMultipartUpload', upload, stranger)
    expect((await s3.call('ListParts', { ...upload, UploadId })).Initiator).toEqual({ ID: canonicalId(OTHER_ACCOUNT) })
    const { ETag } = await s3.call('UploadPart', { ...upload, UploadId, PartNumber: 1, ...body() }, stranger)
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
    await s3.call('CompleteMultipartUpload', { ...upload, UploadId, MultipartUpload }, stranger)
    for (const key of ['new', 'parts']) expect(await s3.text('data', key)).toBe('x')
    expect(await outcome(text(stranger, 'new'))).toMatch(/^AccessDenied/)
    expect((await s3.call('GetObjectAcl', { Bucket: 'data', Key: 'new' })).Owner).toEqual({ ID: canonicalId(ACCOUNT) })
  })

  test('ACLs show the owner, and say nothing else', async () => {
    const acl = {
      Owner: { ID: canonicalId(ACCOUNT) },
      Grants: [{ Grantee: { ID: canonicalId(ACCOUNT), Type: 'CanonicalUser' }, Permission: 'FULL_CONTROL' }],
    } as const
    expect(await s3.call('GetBucketAcl', { Bucket: 'data' })).toEqual(acl)
    expect(await s3.call('GetObjectAcl', { Bucket: 'data', Key: 'k' })).toEqual(acl)
    const AccessControlPolicy = { Owner: acl.Owner, Grants: [...acl.Grants] }
    await s3.call('PutBucketAcl', { Bucket: 'data', ACL: 'private' })
    await s3.call('PutBucketAcl', { Bucket: 'data', AccessControlPolicy })
    await s3.call('PutObjectAcl', { Bucket: 'data', Key: 'k', ACL: 'bucket-owner-full-control' })
    const more = { Grantee: { URI: 'http://acs.amazonaws.com/groups/global/AllUsers', Type: 'Group' } as const }
    for (const call of [
      s3.call('PutBucketAcl', { Bucket: 'data', ACL: 'public-read' }),
      s3.call('PutBucketAcl', { Bucket: 'data', GrantRead: 'id=1' }),
      s3.call('PutBucketAcl', { Bucket: 'data', AccessControlPolicy: { Grants: [...acl.Grants, more] } }),
      s3.call('PutBucketAcl', { Bucket: 'data', AccessControlPolicy: {} }),
      s3.call('PutObjectAcl', { Bucket: 'data', Key: 'k', ACL: 'public-read' }),
      s3.call('PutObject', { Bucket: 'data', Key: 'k', ACL: 'public-read' }),
    ])
      expect(await refused(call)).toMatchObject({ code: 'AccessControlListNotSupported', status: 400 })
    expect(await outcome(s3.call('PutBucketAcl', { Bucket: 'data' }))).toMatch(/^MalformedXML/)
    expect(await outcome(s3.call('PutObjectAcl', { Bucket: 'data', Key: 'gone', ACL: 'private' }))).toMatch(
      /^NoSuchKey/,
    )
    const Rules = [{ ObjectOwnership: 'BucketOwnerEnforced' as const }]
    await s3.call('PutBucketOwnershipControls', { Bucket: 'data', OwnershipControls: { Rules } })
    expect(await s3.call('GetBucketOwnershipControls', { Bucket: 'data' })).toEqual({ OwnershipControls: { Rules } })
    const old = { OwnershipControls: { Rules: [{ ObjectOwnership: 'ObjectWriter' as const }] } }
    expect(await refused(s3.call('PutBucketOwnershipControls', { Bucket: 'data', ...old }))).toMatchObject({
      code: 'NotImplemented',
      status: 501,
    })
  })

  test('each key of a deletion is decided by itself', async () => {
    await s3.put('data', 'mine/1', 'x')
    await s3.put('data', 'mine/2', 'x')
    const bob = await identity('user', 'bob', ACCOUNT, {
      ...mayAll,
      Action: 's3:DeleteObject',
      Resource: 'arn:aws:s3:::data/mine/*',
    })
    const Objects = ['k', 'mine/1', 'mine/gone', 'other'].map((Key) => ({ Key }))
    const answer = await s3.call('DeleteObjects', { Bucket: 'data', Delete: { Objects } }, bob)
    expect(answer.Deleted?.map(({ Key }) => Key)).toEqual(['mine/1', 'mine/gone'])
    const message = (key: string) =>
      `User: arn:aws:iam::${ACCOUNT}:user/bob is not authorized to perform: s3:DeleteObject on resource: "arn:aws:s3:::data/${key}" because no identity-based policy allows the s3:DeleteObject action`
    expect(answer.Errors).toEqual(
      ['k', 'other'].map((Key) => ({ Key, VersionId: undefined, Code: 'AccessDenied', Message: message(Key) })),
    )
    const versions = { Objects: [{ Key: 'mine/2', VersionId: 'null' }] }
    const byVersion = await s3.call('DeleteObjects', { Bucket: 'data', Delete: versions }, bob)
    expect(byVersion.Errors?.[0]?.Message).toContain('s3:DeleteObjectVersion')
    expect(await s3.text('data', 'k')).toBe('v')
  })

  test('a copy takes leave at both ends, and for the tags that come along', async () => {
    await s3.put('data', 'tagged', 'x', { Tagging: 'a=b' })
    const may = (...Action: string[]) => ({ ...mayAll, Action })
    const copy = (who: { principal: Principal }, source: string, more = {}) =>
      outcome(s3.call('CopyObject', { Bucket: 'data', Key: 'copy', CopySource: source, ...more }, who))
    const reader = await identity('user', 'reader', ACCOUNT, may('s3:GetObject'))
    const writer = await identity('user', 'writer', ACCOUNT, may('s3:PutObject'))
    const both = await identity('user', 'both', ACCOUNT, may('s3:GetObject', 's3:PutObject'))
    expect(await copy(reader, 'data/k')).toMatch(/s3:PutObject/)
    expect(await copy(writer, 'data/k')).toMatch(/s3:GetObject/)
    expect(await copy(both, 'data/k')).toBe('done')
    expect(await copy(both, 'data/tagged')).toMatch(/s3:GetObjectTagging/)
    expect(await copy(both, 'data/tagged', { TaggingDirective: 'REPLACE' })).toBe('done')
    expect(await copy(both, 'data/k', { TaggingDirective: 'REPLACE', Tagging: 'a=b' })).toMatch(/s3:PutObjectTagging/)
    // The source is what is copied, not what a careless reader takes it for.
    await s3.put('data', 'open?secret', 'x')
    const narrow = await identity(
      'user',
      'narrow',
      ACCOUNT,
      { ...may('s3:GetObject'), Resource: 'arn:aws:s3:::data/open' },
      may('s3:PutObject'),
    )
    expect(await copy(narrow, 'data/open?secret')).toMatch(
      /s3:GetObject on resource: "arn:aws:s3:::data\/open\?secret"/,
    )
  })

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

  test('policies put at once leave one of them, and none that was not admitted', async () => {
    const accounts = ['111111111111', '222222222222', '333333333333', '444444444444', '555555555555']
    await Promise.all(accounts.map((AWS) => putPolicy({ Principal: { AWS } })))
    const { Policy = '' } = await s3.call('GetBucketPolicy', { Bucket: 'data' })
    expect(accounts).toContain(JSON.parse(Policy).Statement[0].Principal.AWS)
    await open()
    const outcomes = await Promise.all([
      outcome(putPolicy({ Principal: '*' })),
      s3.call('PutPublicAccessBlock', {
        Bucket: 'data',
        PublicAccessBlockConfiguration: { ...OPEN, BlockPublicPolicy: true },
      }),
    ])
    const { PolicyStatus } = await s3.call('GetBucketPolicyStatus', { Bucket: 'data' })
    expect(PolicyStatus?.IsPublic).toBe(outcomes[0] === 'done')
    expect(outcomes[0]).toMatch(/^(?:done|OperationAborted|AccessDenied)/)
  })

  test('a facade acts with the rights of whom it acts for', async () => {
    const facade = createS3Facade(s3.deps)
    const may = {
      ...mayAll,
      Action: ['s3:GetObject', 's3:ListBucket'],
      Resource: ['arn:aws:s3:::data', 'arn:aws:s3:::data/models/*'],
    }
    const { principal } = await identity('role', 'execution', OTHER_ACCOUNT, may)
    await s3.put('data', 'models/m', 'weights')
    const list = async (prefix: string) => {
      const keys: string[] = []
      for await (const { key } of facade.listObjects(principal, 'data', prefix)) keys.push(key)
      return keys
    }
    const denied = (action: string, key: string, kind: string) =>
      `AccessDenied: User: ${principal.arn} is not authorized to perform: ${action} on resource: "arn:aws:s3:::data${key}" because no ${kind}-based policy allows the ${action} action`
    expect(await outcome(facade.headObject(principal, 'data', 'models/m'))).toBe(
      denied('s3:GetObject', '/models/m', 'resource'),
    )
    await putPolicy(
      { Condition: { Bool: { 'aws:SecureTransport': 'true' } } },
      {
        Action: 's3:ListBucket',
        Resource: 'arn:aws:s3:::data',
        Condition: { StringLike: { 's3:prefix': 'models/*' } },
      },
    )
    expect(await facade.headObject(principal, 'data', 'models/m')).toMatchObject({ key: 'models/m', size: 7 })
    const { body } = await facade.getObject(principal, 'data', 'models/m')
    expect((await body.toArray()).join('')).toBe('weights')
    expect(await outcome(facade.getObject(principal, 'data', 'k'))).toBe(denied('s3:GetObject', '/k', 'identity'))
    expect(await outcome(facade.headObject(principal, 'data', 'models/gone'))).toBe(
      denied('s3:ListBucket', '', 'resource'),
    )
    expect(await list('models/')).toEqual(['models/m'])
    expect(await outcome(list(''))).toBe(denied('s3:ListBucket', '', 'resource'))
    expect(await outcome(facade.putObject(principal, 'data', 'models/n', Buffer.from('x')))).toBe(
      denied('s3:PutObject', '/models/n', 'identity'),
    )
    await facade.checkAccess(principal, 's3:GetObject', 'data', 'models/gone')
    expect(await outcome(facade.checkAccess(principal, 's3:GetBucketAcl', 'data'))).toBe(
      denied('s3:GetBucketAcl', '', 'identity'),
    )
    expect(await outcome(facade.checkAccess(accountRoot(ACCOUNT), 's3:GetObject', 'no-such', 'k'))).toMatch(
      /^NoSuchBucket/,
    )
  })
})
