import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testStores } from '../../../../test/support/databases.ts'
import { account, SAGEMAKER_TRUST, startIam, type TestIam } from '../../../../test/support/iam-service.ts'
import type { Principal } from '../../../access/principal.ts'
import { rootPrincipal, userPrincipal } from '../../../access/principals.ts'

const iam = (rest: string) => `arn:aws:iam::${account}:${rest}`
const READ_ONLY = 'arn:aws:iam::aws:policy/ReadOnlyAccess'
const S3 = 'arn:aws:iam::aws:policy/AmazonS3FullAccess'
const policy = (statement: object) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] })

describe.each(testStores.slice(0, 1))('who may call IAM', ({ create }) => {
  let test: TestIam
  let ann: Principal

  beforeAll(async () => {
    test = await startIam(await create())
    const tags = (team: string) => [{ Key: 'Team', Value: team }]
    const { User } = await test.call('CreateUser', { UserName: 'ann', Path: '/people/', Tags: tags('a') })
    ann = userPrincipal(account, { path: '/people/', name: 'ann', id: User!.UserId })
    await test.call('CreateRole', {
      RoleName: 'Trainer',
      Path: '/ml/',
      AssumeRolePolicyDocument: SAGEMAKER_TRUST,
      Tags: tags('a'),
      PermissionsBoundary: READ_ONLY,
    })
    await test.call('CreateRole', { RoleName: 'Bare', AssumeRolePolicyDocument: SAGEMAKER_TRUST })
    await test.call('CreateGroup', { GroupName: 'readers', Path: '/ml/' })
    await test.call('CreatePolicy', {
      PolicyName: 'Own',
      Tags: tags('b'),
      PolicyDocument: policy({ Action: 's3:*', Resource: '*' }),
    })
  })
  afterAll(() => test.stop())

  /** Whether ann may, with one policy of her own. */
  async function may(statement: object, operation: string, input: object): Promise<boolean> {
    const PolicyDocument = policy({ Action: '*', Resource: '*', ...statement })
    await test.call('PutUserPolicy', { UserName: 'ann', PolicyName: 'p', PolicyDocument })
    const fresh = await test.otherWorker()
    return test.authorizeWith(fresh.authorizer, 'iam', operation, input, ann).then(
      () => true,
      (error) => {
        if (error.code !== 'AccessDenied') throw error
        return false
      },
    )
  }

  it.each<[string, boolean, object, string, object]>([
    ['the role’s path', true, { Resource: iam('role/ml/*') }, 'GetRole', { RoleName: 'trainer' }],
    ['the role’s path', false, { Resource: iam('role/Trainer') }, 'GetRole', { RoleName: 'Trainer' }],
    ['a role that is not there', true, { Resource: iam('role/none') }, 'GetRole', { RoleName: 'none' }],
    ['the user’s path', true, { Resource: iam('user/people/ann') }, 'GetUser', { UserName: 'ann' }],
    ['the caller', true, { Resource: iam('user/people/ann') }, 'GetUser', {}],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable
    ['the own name', true, { Resource: iam('user/people/${aws:username}') }, 'CreateAccessKey', {}],
    [
      'the group’s path',
      true,
      { Resource: iam('group/ml/readers') },
      'AddUserToGroup',
      { GroupName: 'readers', UserName: 'ann' },
    ],
    [
      'the group’s path',
      false,
      { Resource: iam('group/readers') },
      'AddUserToGroup',
      { GroupName: 'readers', UserName: 'ann' },
    ],
    ['a policy of AWS', true, { Resource: READ_ONLY }, 'GetPolicy', { PolicyArn: READ_ONLY }],
    ['the path of a list', true, { Resource: iam('role/*') }, 'ListRoles', {}],
    ['the path of a list', false, { Resource: iam('role/ml/*') }, 'ListRoles', {}],
    ['the path of a list', true, { Resource: iam('role/ml/*') }, 'ListRoles', { PathPrefix: '/ml/' }],
    [
      'where it goes',
      false,
      { Resource: iam('user/people/ann') },
      'UpdateUser',
      { UserName: 'ann', NewPath: '/admins/' },
    ],
    ['where it goes', true, { Resource: iam('user/people/*') }, 'UpdateUser', { UserName: 'ann', NewUserName: 'Ann' }],
  ])('looks at %s (%s)', async (_, expected, statement, operation, input) => {
    expect(await may(statement, operation, input)).toBe(expected)
  })

  const arnIs = (arn: string) => ({ Condition: { ArnEquals: { 'iam:PolicyARN': arn } } })
  const boundaryIs = (arn: string) => ({ Condition: { StringEquals: { 'iam:PermissionsBoundary': arn } } })
  const tagIs = (key: string, value: string) => ({ Condition: { StringEquals: { [key]: value } } })
  const onlyKeys = (...keys: string[]) => ({ Condition: { 'ForAllValues:StringEquals': { 'aws:TagKeys': keys } } })
  const newRole = { RoleName: 'r', AssumeRolePolicyDocument: SAGEMAKER_TRUST }
  const inline = { PolicyName: 'p', PolicyDocument: '{}' }

  it.each<[boolean, object, string, object]>([
    [true, arnIs(S3), 'AttachRolePolicy', { RoleName: 'Trainer', PolicyArn: S3 }],
    [false, arnIs(READ_ONLY), 'AttachRolePolicy', { RoleName: 'Trainer', PolicyArn: S3 }],
    [true, arnIs(S3), 'DetachGroupPolicy', { GroupName: 'readers', PolicyArn: S3 }],
    [true, boundaryIs(READ_ONLY), 'PutRolePolicy', { RoleName: 'Trainer', ...inline }],
    [false, boundaryIs(READ_ONLY), 'PutRolePolicy', { RoleName: 'Bare', ...inline }],
    [true, boundaryIs(READ_ONLY), 'CreateRole', { ...newRole, PermissionsBoundary: READ_ONLY }],
    [false, boundaryIs(READ_ONLY), 'CreateRole', { ...newRole, PermissionsBoundary: S3 }],
    [false, boundaryIs(READ_ONLY), 'CreateRole', newRole],
    [false, boundaryIs(READ_ONLY), 'PutRolePermissionsBoundary', { RoleName: 'Trainer', PermissionsBoundary: S3 }],
    [true, boundaryIs(READ_ONLY), 'DeleteRolePermissionsBoundary', { RoleName: 'Trainer' }],
    [true, tagIs('iam:ResourceTag/team', 'a'), 'DeleteRole', { RoleName: 'Trainer' }],
    [true, tagIs('aws:ResourceTag/Team', 'a'), 'DeleteRole', { RoleName: 'Trainer' }],
    [false, tagIs('iam:ResourceTag/Team', 'a'), 'DeleteRole', { RoleName: 'Bare' }],
    [false, tagIs('aws:ResourceTag/Team', 'a'), 'DeletePolicy', { PolicyArn: iam('policy/Own') }],
    [true, tagIs('aws:ResourceTag/Team', 'b'), 'DeletePolicy', { PolicyArn: iam('policy/Own') }],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable
    [true, tagIs('aws:ResourceTag/Team', '${aws:PrincipalTag/Team}'), 'UpdateRole', { RoleName: 'Trainer' }],
    [true, tagIs('aws:RequestTag/team', 'a'), 'TagRole', { RoleName: 'Bare', Tags: [{ Key: 'team', Value: 'a' }] }],
    [false, tagIs('aws:RequestTag/team', 'a'), 'TagRole', { RoleName: 'Bare', Tags: [{ Key: 'team', Value: 'b' }] }],
    [false, onlyKeys('team'), 'UntagRole', { RoleName: 'Bare', TagKeys: ['team', 'other'] }],
    [true, onlyKeys('team'), 'UntagRole', { RoleName: 'Bare', TagKeys: ['team'] }],
    [true, { Action: 'iam:CreateUser' }, 'CreateUser', { UserName: 'u' }],
    [false, { Action: 'iam:CreateUser' }, 'CreateUser', { UserName: 'u', Tags: [{ Key: 'k', Value: 'v' }] }],
    [
      true,
      { Action: ['iam:CreateUser', 'iam:TagUser'] },
      'CreateUser',
      { UserName: 'u', Tags: [{ Key: 'k', Value: 'v' }] },
    ],
  ])('%s: with %j, %s %j', async (expected, statement, operation, input) => {
    expect(await may(statement, operation, input)).toBe(expected)
  })

  it('lets the root do what it likes in its account, and nothing in another', async () => {
    const root = rootPrincipal(account)
    await expect(test.authorize('iam', 'DeletePolicy', { PolicyArn: iam('policy/Own') }, root)).resolves.toBeUndefined()
    const foreign = { PolicyArn: 'arn:aws:iam::222222222222:policy/Own' }
    await expect(test.authorize('iam', 'GetPolicy', foreign, root)).rejects.toMatchObject({ code: 'AccessDenied' })
  })

  it('hands no role of another account on', async () => {
    const resource = 'arn:aws:iam::222222222222:role/R'
    const conditions = { 'iam:passedtoservice': 'sagemaker.amazonaws.com' }
    for (const principal of [ann, rootPrincipal(account)]) {
      const question = { principal, action: 'iam:PassRole', resource, conditions, service: 'lambda' }
      await expect((async () => test.authorizer.require(question))()).rejects.toMatchObject({
        code: 'AccessDeniedException',
        message: 'Cross-account pass role is not allowed.',
      })
    }
  })
})
