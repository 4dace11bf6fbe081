import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { testStores } from '../../support/databases.ts'
import { ACCOUNT, accountRoot, OTHER_ACCOUNT, refused, startS3, type TestS3 } from '../../support/s3-service.ts'

describe.each(testStores)('buckets on $dialect', ({ create }) => {
  let s3: TestS3
  beforeEach(async () => {
    s3 = await startS3(await create())
  })
  afterEach(() => s3.stop())

  test('are created, found, listed and deleted', async () => {
    expect(await s3.call('CreateBucket', { Bucket: 'models' })).toEqual({
      Location: '/models',
      BucketArn: 'arn:aws:s3:::models',
    })
    expect(await s3.call('HeadBucket', { Bucket: 'models' })).toMatchObject({ BucketRegion: 'us-east-1' })
    expect((await s3.call('ListBuckets', {})).Buckets).toMatchObject([
      { Name: 'models', CreationDate: s3.now, BucketRegion: 'us-east-1' },
    ])
    await s3.call('DeleteBucket', { Bucket: 'models' })
    expect(await refused(s3.call('HeadBucket', { Bucket: 'models' }))).toMatchObject({
      code: 'NoSuchBucket',
      status: 404,
      message: 'The specified bucket does not exist',
      members: { BucketName: 'models' },
    })
  })

  test('belong to one account: the name is taken for all others, and nothing in it is theirs', async () => {
    await s3.call('CreateBucket', { Bucket: 'mine' })
    await s3.put('mine', 'k', 'v')
    const stranger = { principal: accountRoot(OTHER_ACCOUNT), account: OTHER_ACCOUNT }
    const denied = (action: string, resource = 'mine') => ({
      code: 'AccessDenied',
      status: 403,
      message: `User: arn:aws:iam::${OTHER_ACCOUNT}:root is not authorized to perform: ${action} on resource: "arn:aws:s3:::${resource}" because no resource-based policy allows the ${action} action`,
    })
    expect(await refused(s3.call('CreateBucket', { Bucket: 'mine' }, stranger))).toMatchObject({
      code: 'BucketAlreadyExists',
      status: 409,
    })
    expect(await refused(s3.call('HeadBucket', { Bucket: 'mine' }, stranger))).toMatchObject(denied('s3:ListBucket'))
    expect(await refused(s3.call('GetObject', { Bucket: 'mine', Key: 'k' }, stranger))).toMatchObject(
      denied('s3:GetObject', 'mine/k'),
    )
    expect(await refused(s3.call('PutObject', { Bucket: 'mine', Key: 'k' }, stranger))).toMatchObject(
      denied('s3:PutObject', 'mine/k'),
    )
    expect(await refused(s3.call('ListObjectsV2', { Bucket: 'mine' }, stranger))).toMatchObject(denied('s3:ListBucket'))
    expect(await refused(s3.call('DeleteBucket', { Bucket: 'mine' }, stranger))).toMatchObject(
      denied('s3:DeleteBucket'),
    )
    await s3.call('CreateBucket', { Bucket: 'theirs' }, stranger)
    const copy = { Bucket: 'theirs', Key: 'k', CopySource: 'mine/k' }
    expect(await refused(s3.call('CopyObject', copy, stranger))).toMatchObject(denied('s3:GetObject', 'mine/k'))
    expect((await s3.call('ListBuckets', {}, stranger)).Buckets).toMatchObject([{ Name: 'theirs' }])
    expect(await s3.text('mine', 'k')).toBe('v')
  })

  test('are the expected owner’s or nobody’s', async () => {
    await s3.call('CreateBucket', { Bucket: 'mine' })
    await s3.call('HeadBucket', { Bucket: 'mine', ExpectedBucketOwner: ACCOUNT })
    const wrong = s3.call('HeadBucket', { Bucket: 'mine', ExpectedBucketOwner: OTHER_ACCOUNT })
    expect(await refused(wrong)).toMatchObject({ code: 'AccessDenied' })
    const nonsense = s3.call('HeadBucket', { Bucket: 'mine', ExpectedBucketOwner: 'me' })
    expect(await refused(nonsense)).toMatchObject({ code: 'InvalidBucketOwnerAWSAccountID' })
  })

  test('are made again without complaint in us-east-1 only', async () => {
    await s3.call('CreateBucket', { Bucket: 'east' })
    await s3.put('east', 'k', 'kept')
    await s3.call('CreateBucket', { Bucket: 'east' })
    expect(await s3.text('east', 'k')).toBe('kept')
    await Promise.all(Array.from({ length: 5 }, () => s3.call('CreateBucket', { Bucket: 'contended' })))
    const west = {
      Bucket: 'west',
      CreateBucketConfiguration: { LocationConstraint: 'us-west-2' },
    } as const
    await s3.call('CreateBucket', west, { region: 'us-west-2' })
    expect(await refused(s3.call('CreateBucket', west, { region: 'us-west-2' }))).toMatchObject({
      code: 'BucketAlreadyOwnedByYou',
      status: 409,
    })
    expect(await s3.call('GetBucketLocation', { Bucket: 'west' })).toEqual({ LocationConstraint: 'us-west-2' })
    expect(await s3.call('GetBucketLocation', { Bucket: 'east' })).toEqual({ LocationConstraint: undefined })
  })

  test('exist once, however many ask at the same time', async () => {
    const accounts = ['111111111111', '222222222222', '333333333333', '444444444444']
    const outcomes = await Promise.all(
      accounts.map((account) =>
        s3.call('CreateBucket', { Bucket: 'one' }, { principal: accountRoot(account), account }).then(
          () => 'created',
          (error) => error.code,
        ),
      ),
    )
    expect(outcomes.sort()).toEqual(['BucketAlreadyExists', 'BucketAlreadyExists', 'BucketAlreadyExists', 'created'])
  })

  test('are not deleted while they hold an object; unfinished uploads go with them', async () => {
    await s3.call('CreateBucket', { Bucket: 'full' })
    await s3.put('full', 'k', 'v')
    expect(await refused(s3.call('DeleteBucket', { Bucket: 'full' }))).toMatchObject({
      code: 'BucketNotEmpty',
      status: 409,
    })
    await s3.call('DeleteObject', { Bucket: 'full', Key: 'k' })
    const { UploadId = '' } = await s3.call('CreateMultipartUpload', { Bucket: 'full', Key: 'big' })
    await s3.call('DeleteBucket', { Bucket: 'full' })
    await s3.call('CreateBucket', { Bucket: 'full' })
    const parts = s3.call('ListParts', { Bucket: 'full', Key: 'big', UploadId })
    expect(await refused(parts)).toMatchObject({ code: 'NoSuchUpload' })
  })

  test('are listed in pages, by prefix and by region', async () => {
    for (const Bucket of ['a-1', 'a-2', 'a-3', 'b-1']) await s3.call('CreateBucket', { Bucket })
    const first = await s3.call('ListBuckets', { MaxBuckets: 2 })
    expect(first.Buckets?.map((bucket) => bucket.Name)).toEqual(['a-1', 'a-2'])
    const second = await s3.call('ListBuckets', { MaxBuckets: 2, ContinuationToken: first.ContinuationToken })
    expect(second.Buckets?.map((bucket) => bucket.Name)).toEqual(['a-3', 'b-1'])
    expect(second.ContinuationToken).toBeUndefined()
    expect((await s3.call('ListBuckets', { Prefix: 'b' })).Buckets).toHaveLength(1)
    expect((await s3.call('ListBuckets', { BucketRegion: 'eu-west-1' })).Buckets).toEqual([])
    expect(await refused(s3.call('ListBuckets', { MaxBuckets: 0 }))).toMatchObject({ code: 'InvalidArgument' })
    const token = s3.call('ListBuckets', { ContinuationToken: 'nonsense' })
    expect(await refused(token)).toMatchObject({ code: 'InvalidArgument' })
  })

  test('carry tags', async () => {
    await s3.call('CreateBucket', { Bucket: 'tagged' })
    expect(await refused(s3.call('GetBucketTagging', { Bucket: 'tagged' }))).toMatchObject({ code: 'NoSuchTagSet' })
    const TagSet = [{ Key: 'team', Value: 'ml' }]
    await s3.call('PutBucketTagging', { Bucket: 'tagged', Tagging: { TagSet } })
    expect(await s3.call('GetBucketTagging', { Bucket: 'tagged' })).toEqual({ TagSet })
    const twice = { TagSet: [...TagSet, ...TagSet] }
    expect(await refused(s3.call('PutBucketTagging', { Bucket: 'tagged', Tagging: twice }))).toMatchObject({
      code: 'InvalidTag',
      message: 'Cannot provide multiple Tags with the same key',
    })
    await s3.call('DeleteBucketTagging', { Bucket: 'tagged' })
    expect(await refused(s3.call('GetBucketTagging', { Bucket: 'tagged' }))).toMatchObject({ code: 'NoSuchTagSet' })
  })

  test('refuse by name what they do not do', async () => {
    await s3.call('CreateBucket', { Bucket: 'plain' })
    expect(await s3.call('GetBucketVersioning', { Bucket: 'plain' })).toEqual({})
    const refusals = [
      s3.call('PutBucketVersioning', { Bucket: 'plain', VersioningConfiguration: { Status: 'Enabled' } }),
      s3.call('CreateBucket', { Bucket: 'locked', ObjectLockEnabledForBucket: true }),
      s3.call('CreateBucket', { Bucket: 'old-style', ObjectOwnership: 'ObjectWriter' }),
      s3.call('CreateBucket', { Bucket: 'dir--use1-az4--x-s3' }),
      s3.call('CreateBucket', { Bucket: 'granted', GrantRead: 'id=1' }),
    ]
    for (const refusal of refusals)
      expect(await refused(refusal)).toMatchObject({ code: 'NotImplemented', status: 501 })
    expect(await refused(s3.call('CreateBucket', { Bucket: 'open', ACL: 'public-read' }))).toMatchObject({
      code: 'InvalidBucketAclWithObjectOwnership',
    })
    expect((await s3.call('ListBuckets', {})).Buckets).toHaveLength(1)
  })

  test('have names that S3 allows', async () => {
    for (const Bucket of ['ab', 'Upper', 'a..b', '192.168.5.4', '-a-b', 'a_b', 'a'.repeat(64), 'xn--abc', '../etc']) {
      expect(await refused(s3.call('CreateBucket', { Bucket }))).toMatchObject({ code: 'InvalidBucketName' })
    }
  })
})
