import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testStores } from '../../../../test/support/databases.ts'
import {
  account,
  identityPolicy,
  refusal,
  run,
  SAGEMAKER_TRUST,
  startIam,
  type TestIam,
} from '../../../../test/support/iam-service.ts'
import { rootPrincipal } from '../../../access/principals.ts'

describe.each(testStores)('policies on $dialect', ({ create }) => {
  let test: TestIam
  beforeAll(async () => {
    test = await startIam(await create())
  })
  afterAll(() => test.stop())

  it('keeps inline policies, and no more of them than there is room', async () => {
    await test.call('CreateUser', { UserName: 'inline' })
    const document = identityPolicy('s3:GetObject')
    await test.call('PutUserPolicy', { UserName: 'inline', PolicyName: 'one', PolicyDocument: document })
    await test.call('PutUserPolicy', { UserName: 'inline', PolicyName: 'one', PolicyDocument: `${document}\n` })
    const got = await test.call('GetUserPolicy', { UserName: 'INLINE', PolicyName: 'one' })
    expect({ ...got, PolicyDocument: decodeURIComponent(got.PolicyDocument) }).toEqual({
      UserName: 'inline',
      PolicyName: 'one',
      PolicyDocument: `${document}\n`,
    })
    const large = identityPolicy(...Array.from({ length: 90 }, (_, n) => `service${n}:Action${n}`))
    await expect(
      test.call('PutUserPolicy', { UserName: 'inline', PolicyName: 'two', PolicyDocument: large }),
    ).rejects.toEqual(refusal('LimitExceeded', 'Maximum policy size of 2048 bytes exceeded for user inline', 409))
    expect((await test.call('ListUserPolicies', { UserName: 'inline' })).PolicyNames).toEqual(['one'])
    await expect(test.call('DeleteUser', { UserName: 'inline' })).rejects.toEqual(
      refusal('DeleteConflict', 'Cannot delete entity, must delete policies first.', 409),
    )
    await expect(test.call('DeleteUserPolicy', { UserName: 'inline', PolicyName: 'two' })).rejects.toEqual(
      refusal('NoSuchEntity', 'The user policy with name two cannot be found.'),
    )
    await test.call('DeleteUserPolicy', { UserName: 'inline', PolicyName: 'one' })
    await test.call('DeleteUser', { UserName: 'inline' })

    await test.call('CreateRole', { RoleName: 'inline', AssumeRolePolicyDocument: SAGEMAKER_TRUST })
    await test.call('PutRolePolicy', { RoleName: 'inline', PolicyName: 'two', PolicyDocument: large })
    expect((await test.call('ListRolePolicies', { RoleName: 'inline' })).PolicyNames).toEqual(['two'])
    expect(
      decodeURIComponent((await test.call('GetRolePolicy', { RoleName: 'inline', PolicyName: 'two' })).PolicyDocument),
    ).toBe(large)
    await test.call('DeleteRolePolicy', { RoleName: 'inline', PolicyName: 'two' })
    await test.call('DeleteRole', { RoleName: 'inline' })
  })

  it('keeps versions of managed policies', async () => {
    const { Policy } = await test.call('CreatePolicy', {
      PolicyName: 'Versions',
      Path: '/v/',
      PolicyDocument: identityPolicy('s3:Get*'),
      Description: 'd',
      Tags: [{ Key: 'k', Value: 'v' }],
    })
    const PolicyArn = Policy!.Arn!
    expect(Policy).toMatchObject({
      PolicyId: expect.stringMatching(/^ANPA/),
      DefaultVersionId: 'v1',
      AttachmentCount: 0,
    })
    expect(PolicyArn).toBe(`arn:aws:iam::${account}:policy/v/Versions`)
    await expect(test.call('GetPolicy', { PolicyArn: PolicyArn.replace('/v/', '/') })).rejects.toMatchObject({
      code: 'NoSuchEntity',
    })
    const PolicyDocument = identityPolicy('s3:List*')
    const second = await test.call('CreatePolicyVersion', { PolicyArn, PolicyDocument })
    expect(second.PolicyVersion).toMatchObject({ VersionId: 'v2', IsDefaultVersion: false })
    const more = await Promise.all(
      [3, 4, 5].map(() => test.call('CreatePolicyVersion', { PolicyArn, PolicyDocument, SetAsDefault: true })),
    )
    expect(more.map((made) => made.PolicyVersion!.VersionId).sort()).toEqual(['v3', 'v4', 'v5'])
    await expect(test.call('CreatePolicyVersion', { PolicyArn, PolicyDocument })).rejects.toEqual(
      refusal('LimitExceeded', /can have up to 5 versions/, 409),
    )
    expect((await test.call('GetPolicy', { PolicyArn })).Policy).toMatchObject({
      DefaultVersionId: 'v5',
      Description: 'd',
    })
    const { Versions } = await test.call('ListPolicyVersions', { PolicyArn })
    expect(Versions!.map((version) => version.VersionId)).toEqual(['v5', 'v4', 'v3', 'v2', 'v1'])
    await test.call('SetDefaultPolicyVersion', { PolicyArn, VersionId: 'v2' })
    const { PolicyVersion } = await test.call('GetPolicyVersion', { PolicyArn, VersionId: 'v2' })
    expect(PolicyVersion!.IsDefaultVersion).toBe(true)
    expect(decodeURIComponent(PolicyVersion!.Document!)).toBe(PolicyDocument)
    await expect(test.call('DeletePolicyVersion', { PolicyArn, VersionId: 'v2' })).rejects.toEqual(
      refusal('DeleteConflict', 'Cannot delete the default version of a policy.'),
    )
    for (const VersionId of ['v9', 'v1.x']) {
      for (const operation of ['GetPolicyVersion', 'SetDefaultPolicyVersion', 'DeletePolicyVersion'] as const) {
        await expect(test.call(operation, { PolicyArn, VersionId })).rejects.toMatchObject({ code: 'NoSuchEntity' })
      }
    }
    await expect(test.call('DeletePolicy', { PolicyArn })).rejects.toEqual(
      refusal('DeleteConflict', /more than one version/),
    )
    for (const VersionId of ['v1', 'v3', 'v4', 'v5']) await test.call('DeletePolicyVersion', { PolicyArn, VersionId })
    expect((await test.call('CreatePolicyVersion', { PolicyArn, PolicyDocument })).PolicyVersion!.VersionId).toBe('v6')
    await test.call('DeletePolicyVersion', { PolicyArn, VersionId: 'v6' })
    await test.call('DeletePolicy', { PolicyArn })
    await expect(test.call('DeletePolicy', { PolicyArn })).rejects.toEqual(
      refusal('NoSuchEntity', `Policy ${PolicyArn} was not found.`),
    )
  })

  it('attaches policies to roles and users', async () => {
    await test.call('CreateRole', { RoleName: 'holder', AssumeRolePolicyDocument: SAGEMAKER_TRUST })
    await test.call('CreateUser', { UserName: 'holder' })
    const { Policy } = await test.call('CreatePolicy', { PolicyName: 'Own', PolicyDocument: identityPolicy('s3:*') })
    const PolicyArn = Policy!.Arn!
    for (let again = 0; again < 2; again++) {
      await test.call('AttachRolePolicy', { RoleName: 'holder', PolicyArn })
      await test.call('AttachUserPolicy', { UserName: 'holder', PolicyArn })
    }
    await test.call('AttachRolePolicy', { RoleName: 'holder', PolicyArn: 'arn:aws:iam::aws:policy/AmazonS3FullAccess' })
    const attached = await test.call('ListAttachedRolePolicies', { RoleName: 'holder' })
    expect(attached.AttachedPolicies!.map((policy) => policy.PolicyName)).toEqual(['AmazonS3FullAccess', 'Own'])
    expect((await test.call('GetPolicy', { PolicyArn })).Policy!.AttachmentCount).toBe(2)
    expect(await test.call('ListEntitiesForPolicy', { PolicyArn })).toMatchObject({
      PolicyRoles: [{ RoleName: 'holder' }],
      PolicyUsers: [{ UserName: 'holder' }],
      PolicyGroups: [],
      IsTruncated: false,
    })
    const onlyUsers = await test.call('ListEntitiesForPolicy', { PolicyArn, EntityFilter: 'User' })
    expect(onlyUsers).toMatchObject({ PolicyRoles: [], PolicyUsers: [{ UserName: 'holder' }] })
    const local = await test.call('ListPolicies', { Scope: 'Local', OnlyAttached: true })
    expect(local.Policies!.map((policy) => policy.PolicyName)).toEqual(['Own'])

    await expect(test.call('DeletePolicy', { PolicyArn })).rejects.toEqual(
      refusal('DeleteConflict', 'Cannot delete a policy attached to entities.', 409),
    )
    await expect(test.call('DeleteRole', { RoleName: 'holder' })).rejects.toEqual(
      refusal('DeleteConflict', 'Cannot delete entity, must detach all policies first.', 409),
    )
    const none = `arn:aws:iam::${account}:policy/none`
    await expect(test.call('AttachRolePolicy', { RoleName: 'holder', PolicyArn: none })).rejects.toEqual(
      refusal('NoSuchEntity', `Policy ${none} does not exist or is not attachable.`, 404),
    )
    for (let number = 0; number < 18; number++) {
      const made = await test.call('CreatePolicy', {
        PolicyName: `Many${number}`,
        PolicyDocument: identityPolicy('s3:*'),
      })
      await test.call('AttachRolePolicy', { RoleName: 'holder', PolicyArn: made.Policy!.Arn! })
    }
    await expect(
      test.call('AttachRolePolicy', { RoleName: 'holder', PolicyArn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' }),
    ).rejects.toEqual(refusal('LimitExceeded', 'Cannot exceed quota for PoliciesPerRole: 20', 409))
    for (const policy of (await test.call('ListAttachedRolePolicies', { RoleName: 'holder' })).AttachedPolicies!) {
      await test.call('DetachRolePolicy', { RoleName: 'holder', PolicyArn: policy.PolicyArn! })
    }
    await expect(test.call('DetachRolePolicy', { RoleName: 'holder', PolicyArn })).rejects.toMatchObject({
      code: 'NoSuchEntity',
    })
    await test.call('DetachUserPolicy', { UserName: 'holder', PolicyArn })
    await test.call('DeletePolicy', { PolicyArn })
    await test.call('DeleteRole', { RoleName: 'holder' })
    await test.call('DeleteUser', { UserName: 'holder' })
  })

  it('leaves the policies of AWS as they are', async () => {
    const PolicyArn = 'arn:aws:iam::aws:policy/AmazonSageMakerFullAccess'
    const { PolicyVersion } = await test.call('GetPolicyVersion', { PolicyArn, VersionId: 'v1' })
    const document = JSON.parse(decodeURIComponent(PolicyVersion!.Document!))
    const functions = document.Statement.find(
      (statement: { Action: unknown }) => statement.Action === 'lambda:InvokeFunction',
    )
    expect(functions.Resource).toEqual(
      ['SageMaker', 'Sagemaker', 'sagemaker', 'LabelingFunction'].map(
        (name) => `arn:aws:lambda:*:*:function:*${name}*`,
      ),
    )
    for (const operation of ['DeletePolicy', 'TagPolicy', 'CreatePolicyVersion'] as const) {
      const input = { PolicyArn, Tags: [], PolicyDocument: identityPolicy('s3:*') }
      await expect(run(test.iam, operation, input, rootPrincipal(account))).rejects.toMatchObject({
        code: 'NoSuchEntity',
      })
    }
  })
})
