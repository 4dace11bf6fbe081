import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testStores } from '../../../../test/support/databases.ts'
import { account, SAGEMAKER_TRUST, startIam, type TestIam } from '../../../../test/support/iam-service.ts'
import type { IamOperations } from '../../../model/generated/iam.ts'

const document = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement })
const allow = (Action: string, more: object = {}) => ({ Effect: 'Allow', Action, Resource: '*', ...more })
const deny = (Action: string) => ({ Effect: 'Deny', Action, Resource: '*' })
const ANN = `arn:aws:iam::${account}:user/team/ann`
const GET = ['s3:GetObject']
const KEY = 'arn:aws:s3:::data/k'

describe.each(testStores)('simulation on $dialect', ({ create }) => {
  let test: TestIam
  beforeAll(async () => {
    test = await startIam(await create())
    await test.call('CreateUser', { UserName: 'ann', Path: '/team/' })
    await test.call('CreateGroup', { GroupName: 'readers' })
    await test.call('PutGroupPolicy', {
      GroupName: 'readers',
      PolicyName: 'g',
      PolicyDocument: document(allow('s3:Get*')),
    })
    await test.call('AddUserToGroup', { GroupName: 'readers', UserName: 'ann' })
    await test.call('CreateRole', { RoleName: 'R', AssumeRolePolicyDocument: SAGEMAKER_TRUST })
    await test.call('AttachRolePolicy', {
      RoleName: 'R',
      PolicyArn: 'arn:aws:iam::aws:policy/AmazonSageMakerFullAccess',
    })
  })
  afterAll(() => test.stop())

  const custom = async (input: Partial<IamOperations['SimulateCustomPolicy']['input']>) =>
    (await test.call('SimulateCustomPolicy', { PolicyInputList: [], ActionNames: GET, ...input })).EvaluationResults!
  const principal = async (input: Partial<IamOperations['SimulatePrincipalPolicy']['input']>) =>
    (await test.call('SimulatePrincipalPolicy', { PolicySourceArn: ANN, ActionNames: GET, ...input }))
      .EvaluationResults!
  const decisions = (results: readonly { EvalDecision: string }[]) => results.map((result) => result.EvalDecision)

  it('decides policies that nobody has', async () => {
    const PolicyInputList = [document(allow('s3:*'), deny('s3:Delete*'))]
    const ActionNames = ['s3:GetObject', 's3:DeleteObject', 'kms:Decrypt']
    const results = await custom({ PolicyInputList, ActionNames })
    expect(decisions(results)).toEqual(['allowed', 'explicitDeny', 'implicitDeny'])
    const start = PolicyInputList[0]!.indexOf('{"Effect":"Allow"')
    expect(results[0]).toEqual({
      EvalActionName: 's3:GetObject',
      EvalResourceName: '*',
      EvalDecision: 'allowed',
      MatchedStatements: [
        {
          SourcePolicyId: 'PolicyInputList.1',
          SourcePolicyType: 'none',
          StartPosition: { Line: 1, Column: start + 1 },
          EndPosition: { Line: 1, Column: PolicyInputList[0]!.indexOf('}', start) + 2 },
        },
      ],
      MissingContextValues: [],
    })
  })

  it('holds policies within a boundary', async () => {
    const PolicyInputList = [document(allow('s3:*'))]
    const [inside, outside] = await custom({
      PolicyInputList,
      PermissionsBoundaryPolicyInputList: [document(allow('s3:Get*'))],
      ActionNames: ['s3:GetObject', 's3:PutObject'],
    })
    expect(inside).toMatchObject({
      EvalDecision: 'allowed',
      PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: true },
    })
    expect(outside).toMatchObject({
      EvalDecision: 'implicitDeny',
      PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: false },
    })
  })

  it('looks at the context that is given, and says what is missing', async () => {
    const Condition = { StringEquals: { 'aws:PrincipalTag/team': 'a' } }
    const PolicyInputList = [document(allow('s3:*', { Condition }))]
    const [without] = await custom({ PolicyInputList })
    expect(without).toMatchObject({ EvalDecision: 'implicitDeny', MissingContextValues: ['aws:PrincipalTag/team'] })
    const ContextEntries = [
      { ContextKeyName: 'aws:principaltag/team', ContextKeyValues: ['a'], ContextKeyType: 'string' as const },
    ]
    expect(decisions(await custom({ PolicyInputList, ContextEntries }))).toEqual(['allowed'])
    expect((await test.call('GetContextKeysForCustomPolicy', { PolicyInputList })).ContextKeyNames).toEqual([
      'aws:PrincipalTag/team',
    ])
  })

  it('decides what users, groups and roles have', async () => {
    const [user] = await principal({})
    expect(user).toMatchObject({
      EvalDecision: 'allowed',
      MatchedStatements: [{ SourcePolicyId: 'group_readers_g', SourcePolicyType: 'group' }],
    })
    expect(decisions(await principal({ PolicySourceArn: `arn:aws:iam::${account}:group/readers` }))).toEqual([
      'allowed',
    ])
    const ResourceArns = ['arn:aws:s3:::sagemaker-x/k', KEY]
    const role = { PolicySourceArn: `arn:aws:iam::${account}:role/R`, ResourceArns }
    expect(decisions(await principal(role))).toEqual(['allowed', 'implicitDeny'])
    expect(decisions(await principal({ ...role, PolicyInputList: [document(deny('s3:*'))] }))).toEqual([
      'explicitDeny',
      'explicitDeny',
    ])
    await test.call('PutUserPermissionsBoundary', {
      UserName: 'ann',
      PermissionsBoundary: 'arn:aws:iam::aws:policy/AWSLambda_FullAccess',
    })
    expect(decisions(await principal({}))).toEqual(['implicitDeny'])
    const own = { PermissionsBoundaryPolicyInputList: [document(allow('*'))] }
    expect(decisions(await principal(own))).toEqual(['allowed'])
    await test.call('DeleteUserPermissionsBoundary', { UserName: 'ann' })
    const keys = await test.call('GetContextKeysForPrincipalPolicy', { PolicySourceArn: role.PolicySourceArn })
    expect(keys.ContextKeyNames).toContain('iam:PassedToService')
  })

  it('puts a policy on the resources', async () => {
    const ResourcePolicy = document({ Effect: 'Allow', Principal: { AWS: ANN }, Action: 's3:GetObject', Resource: KEY })
    const nothing = [document(allow('kms:*'))]
    const given = { PolicyInputList: nothing, ResourcePolicy, ResourceArns: [KEY], CallerArn: ANN }
    expect(decisions(await custom(given))).toEqual(['allowed'])
    const ResourceOwner = 'arn:aws:iam::222222222222:root'
    const [across] = await custom({ ...given, ResourceOwner })
    expect(across).toMatchObject({
      EvalDecision: 'implicitDeny',
      EvalDecisionDetails: { 'IAM Policy': 'implicitDeny', 'Resource Policy': 'allowed' },
    })
    expect(decisions(await principal({ ResourcePolicy, ResourceArns: [KEY], ResourceOwner }))).toEqual(['allowed'])
    const key = 'arn:aws:kms:us-east-1:123456789012:key/k'
    const keyPolicy = document({ Effect: 'Allow', Principal: { AWS: account }, Action: 'kms:*', Resource: '*' })
    const onKey = { ...given, ResourcePolicy: keyPolicy, ResourceArns: [key], ActionNames: ['kms:Decrypt'] }
    expect(decisions(await custom(onKey))).toEqual(['allowed'])
    const nobody = document({ Effect: 'Allow', Principal: { AWS: ANN }, Action: 'kms:Encrypt', Resource: '*' })
    expect(decisions(await custom({ ...onKey, ResourcePolicy: nobody }))).toEqual(['implicitDeny'])
  })

  it('pages, in the order of actions and resources', async () => {
    const input = {
      PolicyInputList: [document(allow('s3:*'))],
      ActionNames: ['s3:GetObject', 's3:PutObject', 'kms:Decrypt'],
      ResourceArns: ['arn:aws:s3:::a/1', 'arn:aws:s3:::a/2'],
      MaxItems: 4,
    }
    const first = await test.call('SimulateCustomPolicy', input)
    const second = await test.call('SimulateCustomPolicy', { ...input, Marker: first.Marker })
    expect([first.IsTruncated, second.IsTruncated, second.Marker]).toEqual([true, false, undefined])
    const seen = [...first.EvaluationResults!, ...second.EvaluationResults!]
    expect(seen.map((one) => `${one.EvalActionName} ${one.EvalResourceName!.at(-1)}`)).toEqual(
      input.ActionNames.flatMap((action) => ['1', '2'].map((number) => `${action} ${number}`)),
    )
    const other = { ...input, ActionNames: GET, Marker: first.Marker }
    await expect(test.call('SimulateCustomPolicy', other)).rejects.toMatchObject({ code: 'ValidationError' })
  })

  it('refuses what cannot be simulated', async () => {
    const PolicyInputList = [document(allow('s3:*'))]
    const invalid = (code = 'InvalidInput') => expect.objectContaining({ code })
    for (const input of [
      { PolicyInputList: ['{"Version":'] },
      { PolicyInputList, ActionNames: ['s3:Get*'] },
      { PolicyInputList, ActionNames: ['GetObject'] },
      { PolicyInputList, ResourcePolicy: document({ Effect: 'Allow', Principal: '*', Action: 's3:*', Resource: '*' }) },
      { PolicyInputList, CallerArn: `arn:aws:iam::${account}:role/R` },
      { PolicyInputList, ResourceOwner: 'nobody' },
      { PolicyInputList, PermissionsBoundaryPolicyInputList: [PolicyInputList[0]!, PolicyInputList[0]!] },
      { PolicyInputList, ContextEntries: [{ ContextKeyValues: ['x'] }] },
    ])
      await expect(custom(input)).rejects.toEqual(invalid())
    await expect(custom({ PolicyInputList, ResourceHandlingOption: 'EC2-VPC-EBS' })).rejects.toEqual(
      invalid('NotImplemented'),
    )
    for (const [arn, code] of [
      [`arn:aws:iam::${account}:root`, 'InvalidInput'],
      ['ann', 'InvalidInput'],
      [`arn:aws:iam::${account}:user/ann`, 'NoSuchEntity'],
      [`arn:aws:iam::${account}:role/none`, 'NoSuchEntity'],
      [`arn:aws:iam::${account}:group/none`, 'NoSuchEntity'],
    ] as const)
      await expect(principal({ PolicySourceArn: arn })).rejects.toEqual(invalid(code))
  })

  it('counts what an account has', async () => {
    const { SummaryMap } = await test.call('GetAccountSummary', {} as never)
    expect(SummaryMap).toMatchObject({ Users: 1, Groups: 1, Roles: 2, Policies: 0, AccountAccessKeysPresent: 1 })
  })
})
