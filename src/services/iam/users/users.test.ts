import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testStores } from '../../../../test/support/databases.ts'
import { account, now, refusal, startIam, type TestIam } from '../../../../test/support/iam-service.ts'
import { rootPrincipal, userPrincipal } from '../../../access/principals.ts'

describe.each(testStores)('users on $dialect', ({ create }) => {
  let test: TestIam
  beforeAll(async () => {
    test = await startIam(await create())
  })
  afterAll(() => test.stop())

  it('tags, also from several sides at once', async () => {
    await test.call('CreateUser', { UserName: 'tagged', Tags: [{ Key: 'a', Value: '1' }] })
    await Promise.all(
      ['b', 'c', 'd'].map((Key) => test.call('TagUser', { UserName: 'tagged', Tags: [{ Key, Value: Key }] })),
    )
    await test.call('TagUser', { UserName: 'tagged', Tags: [{ Key: 'A', Value: '2' }] })
    await test.call('UntagUser', { UserName: 'tagged', TagKeys: ['C', 'none'] })
    const { Tags } = await test.call('ListUserTags', { UserName: 'tagged' })
    expect(Tags).toEqual([
      { Key: 'A', Value: '2' },
      { Key: 'b', Value: 'b' },
      { Key: 'd', Value: 'd' },
    ])
    const twice = [
      { Key: 'x', Value: '' },
      { Key: 'X', Value: '' },
    ]
    await expect(test.call('TagUser', { UserName: 'tagged', Tags: twice })).rejects.toMatchObject({
      code: 'InvalidInput',
    })
    const many = Array.from({ length: 50 }, (_, n) => ({ Key: `k${n}`, Value: '' }))
    await expect(test.call('TagUser', { UserName: 'tagged', Tags: many })).rejects.toMatchObject({
      code: 'LimitExceeded',
    })
    await test.call('DeleteUser', { UserName: 'tagged' })
  })

  it('takes every tag of twenty that come at once', async () => {
    const UserName = 'busy'
    await test.call('CreateUser', { UserName })
    const Tags = Array.from({ length: 20 }, (_, index) => ({ Key: `k${index}`, Value: '' }))
    await Promise.all(Tags.map((tag) => test.call('TagUser', { UserName, Tags: [tag] })))
    expect((await test.call('ListUserTags', { UserName })).Tags).toHaveLength(20)
    await test.call('DeleteUser', { UserName })
  })

  it('renames users, who keep what they have', async () => {
    const { User } = await test.call('CreateUser', { UserName: 'before', Path: '/a/' })
    await test.call('CreateUser', { UserName: 'taken' })
    await expect(test.call('UpdateUser', { UserName: 'before', NewUserName: 'Taken' })).rejects.toMatchObject({
      code: 'EntityAlreadyExists',
    })
    await test.call('UpdateUser', { UserName: 'before', NewUserName: 'After', NewPath: '/b/' })
    expect((await test.call('GetUser', { UserName: 'after' })).User).toMatchObject({
      UserId: User!.UserId,
      Arn: `arn:aws:iam::${account}:user/b/After`,
    })
    for (const UserName of ['After', 'taken']) await test.call('DeleteUser', { UserName })
  })

  it('gives access keys, shows their secret once, and takes them back', async () => {
    const { User } = await test.call('CreateUser', { UserName: 'keys' })
    const first = (await test.call('CreateAccessKey', { UserName: 'keys' })).AccessKey
    expect(first).toMatchObject({ UserName: 'keys', Status: 'Active', AccessKeyId: expect.stringMatching(/^AKIA/) })
    const caller = userPrincipal(account, { path: '/', name: 'keys', id: User!.UserId }, first.AccessKeyId)
    await test.call('CreateAccessKey', {}, caller)
    await expect(test.call('CreateAccessKey', {}, caller)).rejects.toEqual(
      refusal('LimitExceeded', 'Cannot exceed quota for AccessKeysPerUser: 2', 409),
    )
    const { AccessKeyMetadata } = await test.call('ListAccessKeys', { UserName: 'keys' })
    expect(AccessKeyMetadata).toHaveLength(2)
    expect(JSON.stringify(AccessKeyMetadata)).not.toContain(first.SecretAccessKey)
    await test.call('UpdateAccessKey', { UserName: 'keys', AccessKeyId: first.AccessKeyId, Status: 'Inactive' })
    const root = (await test.call('ListAccessKeys', {})).AccessKeyMetadata[0]!
    for (const operation of ['DeleteAccessKey', 'UpdateAccessKey'] as const) {
      const input = { UserName: 'keys', AccessKeyId: root.AccessKeyId!, Status: 'Inactive' as const }
      await expect(test.call(operation, input)).rejects.toEqual(
        refusal('NoSuchEntity', `The Access Key with id ${root.AccessKeyId} cannot be found.`, 404),
      )
    }
    await expect(test.call('DeleteUser', { UserName: 'keys' })).rejects.toEqual(
      refusal('DeleteConflict', 'Cannot delete entity, must delete access keys first.', 409),
    )
    for (const key of AccessKeyMetadata)
      await test.call('DeleteAccessKey', { UserName: 'keys', AccessKeyId: key.AccessKeyId! })
    await test.call('DeleteUser', { UserName: 'keys' })
  })

  it('takes no tags that are AWS’s own', async () => {
    const Tags = [{ Key: 'AWS:x', Value: 'y' }]
    const reserved = refusal('InvalidInput', 'aws: prefixed tag key names are not allowed for external use.')
    await expect(test.call('CreateUser', { UserName: 'tagged', Tags })).rejects.toEqual(reserved)
    await test.call('CreateUser', { UserName: 'tagged' })
    await expect(test.call('TagUser', { UserName: 'tagged', Tags })).rejects.toEqual(reserved)
    await test.call('DeleteUser', { UserName: 'tagged' })
  })

  it('tells callers who they are', async () => {
    expect((await test.call('GetUser', {})).User).toEqual({
      UserId: account,
      Arn: `arn:aws:iam::${account}:root`,
      CreateDate: now,
    })
    const role = { ...rootPrincipal(account), kind: 'role' as const }
    await expect(test.call('GetUser', {}, role)).rejects.toEqual(
      refusal('ValidationError', 'Must specify userName when calling with non-User credentials'),
    )
  })
})
