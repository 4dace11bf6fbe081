import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import type { Principal } from '../../../src/access/principal.ts'
import { canonicalId } from '../../../src/services/s3/owner.ts'
import { createS3Facade } from '../../../src/services/s3/s3-facade.ts'
import { testStores } from '../../support/databases.ts'
import { as, guardedBucket, mayAll, OPEN, policyOf, stranger } from '../../support/guarded-bucket.ts'
import { ACCOUNT, accountRoot, OTHER_ACCOUNT, refused } from '../../support/s3-service.ts'

describe.each(testStores)('whose a bucket is, on $dialect', ({ create }) => {
  const { s3, putPolicy, open, text, outcome, identity } = guardedBucket(create)

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
