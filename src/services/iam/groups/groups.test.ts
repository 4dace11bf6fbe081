import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testStores } from '../../../../test/support/databases.ts'
import {
  account,
  identityPolicy,
  now,
  refusal,
  run,
  startIam,
  type TestIam,
} from '../../../../test/support/iam-service.ts'
import { rootPrincipal } from '../../../access/principals.ts'

describe.each(testStores)('groups on $dialect', ({ create }) => {
  let test: TestIam
  beforeAll(async () => {
    test = await startIam(await create())
  })
  afterAll(() => test.stop())

  it('keeps groups, renames and lists them', async () => {
    const made = await test.call('CreateGroup', { GroupName: 'Readers', Path: '/team/' })
    expect(made.Group).toEqual({
      Path: '/team/',
      GroupName: 'Readers',
      GroupId: expect.stringMatching(/^AGPA[A-Z2-7]{16}$/),
      Arn: `arn:aws:iam::${account}:group/team/Readers`,
      CreateDate: now,
    })
    await expect(test.call('CreateGroup', { GroupName: 'READERS' })).rejects.toEqual(
      refusal('EntityAlreadyExists', 'Group with name READERS already exists.', 409),
    )
    await test.call('CreateGroup', { GroupName: 'writers' })
    await expect(test.call('UpdateGroup', { GroupName: 'writers', NewGroupName: 'readers' })).rejects.toMatchObject({
      code: 'EntityAlreadyExists',
    })
    await test.call('UpdateGroup', { GroupName: 'writers', NewGroupName: 'Writers', NewPath: '/team/' })
    const listed = await test.call('ListGroups', { PathPrefix: '/team/', MaxItems: 1 })
    expect(listed).toMatchObject({ Groups: [{ GroupName: 'Readers' }], IsTruncated: true })
    const rest = await test.call('ListGroups', { PathPrefix: '/team/', Marker: listed.Marker })
    expect(rest).toMatchObject({ Groups: [{ GroupName: 'Writers' }], IsTruncated: false })
    for (const GroupName of ['readers', 'writers']) await test.call('DeleteGroup', { GroupName })
    await expect(test.call('GetGroup', { GroupName: 'readers' })).rejects.toEqual(
      refusal('NoSuchEntity', 'The group with name readers cannot be found.', 404),
    )
  })

  it('has users come and go, and keeps whoever is in a group', async () => {
    await test.call('CreateGroup', { GroupName: 'g' })
    for (const UserName of ['ann', 'bob']) {
      await test.call('CreateUser', { UserName })
      for (let again = 0; again < 2; again++) await test.call('AddUserToGroup', { GroupName: 'G', UserName })
    }
    const page = await test.call('GetGroup', { GroupName: 'g', MaxItems: 1 })
    expect(page).toMatchObject({ Group: { GroupName: 'g' }, Users: [{ UserName: 'ann' }], IsTruncated: true })
    const next = await test.call('GetGroup', { GroupName: 'g', Marker: page.Marker })
    expect(next).toMatchObject({ Users: [{ UserName: 'bob' }], IsTruncated: false })
    expect((await test.call('ListGroupsForUser', { UserName: 'ann' })).Groups).toEqual([page.Group])

    const conflict = refusal('DeleteConflict', 'Cannot delete entity, must remove users from group first.', 409)
    await expect(test.call('DeleteUser', { UserName: 'ann' })).rejects.toEqual(conflict)
    await expect(test.call('DeleteGroup', { GroupName: 'g' })).rejects.toEqual(conflict)
    for (const UserName of ['ann', 'bob']) await test.call('RemoveUserFromGroup', { GroupName: 'g', UserName })
    await expect(test.call('RemoveUserFromGroup', { GroupName: 'g', UserName: 'ann' })).rejects.toEqual(
      refusal('NoSuchEntity', 'User ann is not in group g.', 404),
    )
    for (const [GroupName, UserName] of [
      ['none', 'ann'],
      ['g', 'nobody'],
    ] as const) {
      await expect(test.call('AddUserToGroup', { GroupName, UserName })).rejects.toMatchObject({ code: 'NoSuchEntity' })
    }
    for (let number = 0; number < 10; number++) {
      await test.call('CreateGroup', { GroupName: `many${number}` })
      await test.call('AddUserToGroup', { GroupName: `many${number}`, UserName: 'ann' })
    }
    await expect(test.call('AddUserToGroup', { GroupName: 'g', UserName: 'ann' })).rejects.toEqual(
      refusal('LimitExceeded', 'Cannot exceed quota for GroupsPerUser: 10', 409),
    )
    await test.call('DeleteUser', { UserName: 'bob' })
    await test.call('DeleteGroup', { GroupName: 'g' })
  })

  it('gives groups policies', async () => {
    const GroupName = 'holders'
    await test.call('CreateGroup', { GroupName })
    const PolicyDocument = identityPolicy('s3:GetObject')
    await test.call('PutGroupPolicy', { GroupName, PolicyName: 'inline', PolicyDocument })
    const got = await test.call('GetGroupPolicy', { GroupName: 'HOLDERS', PolicyName: 'inline' })
    expect({ ...got, PolicyDocument: decodeURIComponent(got.PolicyDocument) }).toEqual({
      GroupName,
      PolicyName: 'inline',
      PolicyDocument,
    })
    expect((await test.call('ListGroupPolicies', { GroupName })).PolicyNames).toEqual(['inline'])
    const large = identityPolicy(...Array.from({ length: 300 }, (_, n) => `service${n}:Action${n}`))
    await expect(
      test.call('PutGroupPolicy', { GroupName, PolicyName: 'large', PolicyDocument: large }),
    ).rejects.toEqual(refusal('LimitExceeded', 'Maximum policy size of 5120 bytes exceeded for group holders', 409))
    await expect(
      test.call('PutGroupPolicy', { GroupName, PolicyName: 'broken', PolicyDocument: '{"Version":' }),
    ).rejects.toMatchObject({ code: 'MalformedPolicyDocument' })

    const PolicyArn = 'arn:aws:iam::aws:policy/AmazonS3FullAccess'
    await test.call('AttachGroupPolicy', { GroupName, PolicyArn })
    expect(await test.call('ListAttachedGroupPolicies', { GroupName })).toMatchObject({
      AttachedPolicies: [{ PolicyArn, PolicyName: 'AmazonS3FullAccess' }],
    })
    expect(await test.call('ListEntitiesForPolicy', { PolicyArn })).toMatchObject({
      PolicyGroups: [{ GroupName }],
      PolicyUsers: [],
      PolicyRoles: [],
    })
    await expect(test.call('DeleteGroup', { GroupName })).rejects.toEqual(
      refusal('DeleteConflict', 'Cannot delete entity, must delete policies first.', 409),
    )
    await test.call('DeleteGroupPolicy', { GroupName, PolicyName: 'inline' })
    await expect(test.call('DeleteGroup', { GroupName })).rejects.toEqual(
      refusal('DeleteConflict', 'Cannot delete entity, must detach all policies first.', 409),
    )
    await test.call('DetachGroupPolicy', { GroupName, PolicyArn })
    await expect(test.call('DetachGroupPolicy', { GroupName, PolicyArn })).rejects.toMatchObject({
      code: 'NoSuchEntity',
    })
    await test.call('DeleteGroup', { GroupName })
  })

  it('knows nothing of groups that are not there', async () => {
    const others = {
      UserName: 'u',
      PolicyName: 'p',
      PolicyDocument: identityPolicy('s3:*'),
      PolicyArn: `arn:aws:iam::aws:policy/X`,
    }
    for (const operation of [
      'GetGroup',
      'UpdateGroup',
      'DeleteGroup',
      'AddUserToGroup',
      'RemoveUserFromGroup',
      'PutGroupPolicy',
      'GetGroupPolicy',
      'DeleteGroupPolicy',
      'ListGroupPolicies',
      'AttachGroupPolicy',
      'DetachGroupPolicy',
      'ListAttachedGroupPolicies',
    ]) {
      await expect(
        run(test.iam, operation, { GroupName: 'gone', ...others }, rootPrincipal(account)),
      ).rejects.toMatchObject({ code: 'NoSuchEntity' })
    }
  })
})
