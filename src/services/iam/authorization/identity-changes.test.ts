import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testStores } from '../../../../test/support/databases.ts'
import { eventually } from '../../../../test/support/eventually.ts'
import {
  account,
  identityPolicy,
  SAGEMAKER_TRUST,
  startIam,
  type TestIam,
} from '../../../../test/support/iam-service.ts'
import type { Principal } from '../../../access/principal.ts'
import { rolePrincipal, userPrincipal } from '../../../access/principals.ts'
import type { IamOperations } from '../../../model/generated/iam.ts'
import type { Authorizer } from '../../authorizer.ts'

const ALLOWING = identityPolicy('s3:GetObject')
const OTHER = identityPolicy('s3:PutObject')
const TAGGED = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: 's3:GetObject',
      Resource: '*',
      Condition: { StringEquals: { 'aws:PrincipalTag/team': 'a' } },
    },
  ],
})
const managed = (name: string) => `arn:aws:iam::${account}:policy/${name}`
const OWN = managed('Own')
const UserName = 'ann'
const RoleName = 'Worker'
const GroupName = 'readers'

type Call = {
  readonly [Name in keyof IamOperations]: readonly [Name, IamOperations[Name]['input']]
}[keyof IamOperations]

/** Writes in order, each with what the user and the role may do once it acts. */
const STEPS: readonly (readonly [Call, 'user' | 'role', 'allowed' | 'denied'])[] = [
  [['PutUserPolicy', { UserName, PolicyName: 'p', PolicyDocument: ALLOWING }], 'user', 'allowed'],
  [['DeleteUserPolicy', { UserName, PolicyName: 'p' }], 'user', 'denied'],
  [['AttachUserPolicy', { UserName, PolicyArn: OWN }], 'user', 'allowed'],
  [['CreatePolicyVersion', { PolicyArn: OWN, PolicyDocument: OTHER, SetAsDefault: true }], 'user', 'denied'],
  [['SetDefaultPolicyVersion', { PolicyArn: OWN, VersionId: 'v1' }], 'user', 'allowed'],
  [['PutUserPermissionsBoundary', { UserName, PermissionsBoundary: managed('Boundary') }], 'user', 'denied'],
  [['DeleteUserPermissionsBoundary', { UserName }], 'user', 'allowed'],
  [['DetachUserPolicy', { UserName, PolicyArn: OWN }], 'user', 'denied'],
  [['PutGroupPolicy', { GroupName, PolicyName: 'p', PolicyDocument: ALLOWING }], 'user', 'denied'],
  [['AddUserToGroup', { GroupName, UserName }], 'user', 'allowed'],
  [['DeleteGroupPolicy', { GroupName, PolicyName: 'p' }], 'user', 'denied'],
  [['AttachGroupPolicy', { GroupName, PolicyArn: OWN }], 'user', 'allowed'],
  [['RemoveUserFromGroup', { GroupName, UserName }], 'user', 'denied'],
  [['AddUserToGroup', { GroupName, UserName }], 'user', 'allowed'],
  [['DetachGroupPolicy', { GroupName, PolicyArn: OWN }], 'user', 'denied'],
  [['PutUserPolicy', { UserName, PolicyName: 'tagged', PolicyDocument: TAGGED }], 'user', 'denied'],
  [['TagUser', { UserName, Tags: [{ Key: 'team', Value: 'a' }] }], 'user', 'allowed'],
  [['UntagUser', { UserName, TagKeys: ['team'] }], 'user', 'denied'],
  [['PutRolePolicy', { RoleName, PolicyName: 'p', PolicyDocument: ALLOWING }], 'role', 'allowed'],
  [['DeleteRolePolicy', { RoleName, PolicyName: 'p' }], 'role', 'denied'],
  [['AttachRolePolicy', { RoleName, PolicyArn: OWN }], 'role', 'allowed'],
  [['PutRolePermissionsBoundary', { RoleName, PermissionsBoundary: managed('Boundary') }], 'role', 'denied'],
  [['DeleteRolePermissionsBoundary', { RoleName }], 'role', 'allowed'],
  [['DetachRolePolicy', { RoleName, PolicyArn: OWN }], 'role', 'denied'],
  [['PutRolePolicy', { RoleName, PolicyName: 'tagged', PolicyDocument: TAGGED }], 'role', 'denied'],
  [['TagRole', { RoleName, Tags: [{ Key: 'Team', Value: 'a' }] }], 'role', 'allowed'],
  [['UntagRole', { RoleName, TagKeys: ['TEAM'] }], 'role', 'denied'],
  [['TagRole', { RoleName, Tags: [{ Key: 'team', Value: 'a' }] }], 'role', 'allowed'],
]

describe.each(testStores)('a change of what an identity may do, on $dialect', ({ create }) => {
  let test: TestIam
  let workers: readonly Authorizer[]
  let principals: Readonly<Record<'user' | 'role', Principal>>

  beforeAll(async () => {
    test = await startIam(await create())
    workers = [test.authorizer, (await test.otherWorker()).authorizer]
    const { User } = await test.call('CreateUser', { UserName })
    const { Role } = await test.call('CreateRole', { RoleName, AssumeRolePolicyDocument: SAGEMAKER_TRUST })
    await test.call('CreateGroup', { GroupName })
    await test.call('CreatePolicy', { PolicyName: 'Own', PolicyDocument: ALLOWING })
    await test.call('CreatePolicy', { PolicyName: 'Boundary', PolicyDocument: OTHER })
    principals = {
      user: userPrincipal(account, { path: '/', name: UserName, id: User!.UserId }),
      role: rolePrincipal(account, { path: '/', name: RoleName, id: Role.RoleId }, 'session'),
    }
  })
  afterAll(() => test.stop())

  const decisions = (principal: Principal) =>
    Promise.all(
      workers.map(async (worker) => {
        const question = { principal, action: 's3:GetObject', resource: 'arn:aws:s3:::b/k' }
        const { allowed } = await worker.decide(question)
        return allowed ? 'allowed' : 'denied'
      }),
    )

  it('acts in the worker that makes it and in the others', async () => {
    for (const [[operation, input], who, expected] of STEPS) {
      // So that both workers have something to forget.
      await decisions(principals[who])
      await test.call(operation, input as never)
      await eventually(async () => {
        expect({ operation, decisions: await decisions(principals[who]) }).toEqual({
          operation,
          decisions: [expected, expected],
        })
      })
    }
  })

  it('acts when what gave the permission is deleted', async () => {
    await test.call('DeleteRolePolicy', { RoleName, PolicyName: 'tagged' })
    await test.call('PutRolePolicy', { RoleName, PolicyName: 'p', PolicyDocument: ALLOWING })
    const session = {
      ...principals.role,
      session: { issuedAt: 1, policyArns: [managed('Narrow')] },
      accessKeyId: 'ASIA1',
    }
    await test.call('CreatePolicy', { PolicyName: 'Narrow', PolicyDocument: ALLOWING })
    await eventually(async () => expect(await decisions(session)).toEqual(['allowed', 'allowed']))
    await test.call('DeletePolicy', { PolicyArn: managed('Narrow') })
    await eventually(async () => expect(await decisions(session)).toEqual(['denied', 'denied']))
    await test.call('DeleteRolePolicy', { RoleName, PolicyName: 'p' })
    await test.call('DeleteRole', { RoleName })
    await eventually(async () => expect(await decisions(principals.role)).toEqual(['denied', 'denied']))
  })
})
