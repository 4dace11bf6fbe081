import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testStores } from '../../../test/support/databases.ts'
import { account, refusal, run, startIam, type TestIam, trustPolicy } from '../../../test/support/iam-service.ts'
import type { Principal } from '../../access/principal.ts'
import { rootPrincipal, userPrincipal } from '../../access/principals.ts'
import { openSession } from '../../access/session-token.ts'
import { createAccount } from '../iam/bootstrap.ts'

const OTHER = '222222222222'
const SAGEMAKER = 'sagemaker.amazonaws.com'
const statement = (Effect: string, Action: string | string[], Resource = '*', Condition?: object) => ({
  Effect,
  Action,
  Resource,
  ...(Condition !== undefined && { Condition }),
})
const policy = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement })
const trust = (AWS: string | string[], Condition?: object, Action: string | string[] = 'sts:AssumeRole') =>
  policy({ Effect: 'Allow', Principal: { AWS }, Action, ...(Condition !== undefined && { Condition }) })
const ANN = `arn:aws:iam::${account}:user/ann`
const roleArn = (name: string, owner = account) => `arn:aws:iam::${owner}:role/${name}`

interface Assumed {
  readonly Credentials: { readonly SessionToken: string; readonly AccessKeyId: string }
  readonly SourceIdentity?: string
}

// One database is enough: what is stored and read is tested with IAM's own operations.
describe.each(testStores.slice(0, 1))('AssumeRole, decided on both sides', ({ create }) => {
  let test: TestIam
  let ann: Principal
  const root = rootPrincipal(account)

  beforeAll(async () => {
    test = await startIam(await create())
    await createAccount(test.database, test.masterKey, OTHER, 1)
    const { User } = await test.call('CreateUser', { UserName: 'ann' })
    ann = userPrincipal(account, { path: '/', name: 'ann', id: User!.UserId })
  })
  afterAll(() => test.stop())

  /** Makes a role, lets the caller try, and removes it again. */
  async function attempt(
    document: string,
    options: {
      readonly mayAssume?: string
      readonly owner?: string
      readonly caller?: Principal
      readonly input?: Record<string, unknown>
    } = {},
  ): Promise<Assumed> {
    const { owner = account, caller = ann, input = {}, mayAssume } = options
    const owning = rootPrincipal(owner)
    await test.call('CreateRole', { RoleName: 'Tried', AssumeRolePolicyDocument: document }, owning)
    if (mayAssume !== undefined)
      await test.call('PutUserPolicy', { UserName: 'ann', PolicyName: 'assume', PolicyDocument: mayAssume })
    // What an identity may do is cached by its unique id; each attempt must see its own policies.
    const { authorizer } = await test.otherWorker()
    const sts = test.stsWith(authorizer)
    try {
      const all = { RoleArn: roleArn('Tried', owner), RoleSessionName: 'job', ...input }
      return (await run(sts, 'AssumeRole', all, caller)) as Assumed
    } finally {
      await test.call('DeleteRole', { RoleName: 'Tried' }, owning)
      if (mayAssume !== undefined) await test.call('DeleteUserPolicy', { UserName: 'ann', PolicyName: 'assume' })
    }
  }
  const YES = policy(statement('Allow', 'sts:AssumeRole'))
  const refused = (reason: string, owner = account) =>
    refusal(
      'AccessDenied',
      `User: ${ANN} is not authorized to perform: sts:AssumeRole on resource: ${roleArn('Tried', owner)} ${reason}`,
      403,
    )
  const NO_IDENTITY = 'because no identity-based policy allows the sts:AssumeRole action'
  const NO_TRUST = 'because no role trust policy allows the sts:AssumeRole action'

  it('leaves an account that is named to the policies of its users', async () => {
    await expect(attempt(trust(account))).rejects.toEqual(refused(NO_IDENTITY))
    await expect(attempt(trust(account), { mayAssume: YES })).resolves.toBeDefined()
    const elsewhere = policy(statement('Allow', 'sts:AssumeRole', roleArn('Other')))
    await expect(attempt(trust(account), { mayAssume: elsewhere })).rejects.toEqual(refused(NO_IDENTITY))
    await expect(attempt(trust(`arn:aws:iam::${account}:root`), { caller: root })).resolves.toBeDefined()
  })

  it('needs no more for a user who is named in his own account', async () => {
    await expect(attempt(trust(ANN))).resolves.toBeDefined()
    const deny = policy(statement('Deny', 'sts:*'))
    await expect(attempt(trust(ANN), { mayAssume: deny })).rejects.toEqual(
      refused('with an explicit deny in an identity-based policy'),
    )
    const closed = policy(
      { Effect: 'Allow', Principal: { AWS: ANN }, Action: 'sts:AssumeRole' },
      { Effect: 'Deny', Principal: { AWS: ANN }, Action: 'sts:AssumeRole' },
    )
    await expect(attempt(closed, { mayAssume: YES })).rejects.toEqual(
      refused('with an explicit deny in the role trust policy'),
    )
  })

  it('knows a role by no other spelling, or a denial of it would be got round', async () => {
    const mayAssume = policy(statement('Allow', '*'), statement('Deny', '*', roleArn('Tried')))
    const tried = attempt(trust(account), { mayAssume, input: { RoleArn: roleArn('tried') } })
    await expect(tried).rejects.toMatchObject({ code: 'AccessDenied' })
    expect(await test.facade.assumeRoleForService(roleArn('sagemakerexecutionrole'), SAGEMAKER, 's')).toBeUndefined()
    expect(await test.facade.assumeRoleForService(roleArn('SageMakerExecutionRole'), SAGEMAKER, 's')).toBeDefined()
  })

  it('never takes the caller’s policy alone', async () => {
    for (const nobody of [trust(OTHER), trustPolicy({ Service: 'sagemaker.amazonaws.com' })])
      await expect(attempt(nobody, { mayAssume: YES })).rejects.toEqual(refused(NO_TRUST))
  })

  it('asks both accounts across accounts', async () => {
    const owner = OTHER
    for (const named of [account, ANN, '*']) {
      await expect(attempt(trust(named), { owner })).rejects.toEqual(refused(NO_IDENTITY, owner))
      await expect(attempt(trust(named), { owner, mayAssume: YES })).resolves.toBeDefined()
    }
    await expect(attempt(trust(OTHER), { owner, mayAssume: YES })).rejects.toEqual(refused(NO_TRUST, owner))
    await expect(attempt(trust(account), { owner, caller: root })).resolves.toBeDefined()
    await expect(attempt(trust(OTHER), { owner, caller: root })).rejects.toMatchObject({ code: 'AccessDenied' })
  })

  it.each<[string, object, Record<string, unknown>, boolean]>([
    ['the external id', { StringEquals: { 'sts:ExternalId': 'secret' } }, { ExternalId: 'secret' }, true],
    ['a wrong external id', { StringEquals: { 'sts:ExternalId': 'secret' } }, { ExternalId: 'Secret' }, false],
    ['no external id', { StringEquals: { 'sts:ExternalId': 'secret' } }, {}, false],
    ['the session name', { StringLike: { 'sts:RoleSessionName': 'jo*' } }, {}, true],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable
    ['the own name', { StringEquals: { 'sts:RoleSessionName': '${aws:username}' } }, { RoleSessionName: 'ann' }, true],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable
    ['another name', { StringEquals: { 'sts:RoleSessionName': '${aws:username}' } }, { RoleSessionName: 'bob' }, false],
    ['the principal', { ArnLike: { 'aws:PrincipalArn': `arn:aws:iam::${account}:user/a*` } }, {}, true],
    ['another principal', { ArnLike: { 'aws:PrincipalArn': `arn:aws:iam::${account}:user/b*` } }, {}, false],
    ['the account', { StringEquals: { 'aws:PrincipalAccount': account } }, {}, true],
    ['a second factor', { Bool: { 'aws:MultiFactorAuthPresent': 'true' } }, {}, false],
  ])('looks at %s', async (_, condition, input, allowed) => {
    const tried = attempt(trust(ANN, condition), { input })
    if (allowed) await expect(tried).resolves.toBeDefined()
    else await expect(tried).rejects.toEqual(refused(NO_TRUST))
  })

  it('takes a source identity only where both may set it, and keeps it', async () => {
    const both = ['sts:AssumeRole', 'sts:SetSourceIdentity']
    const input = { SourceIdentity: 'ann' }
    await expect(attempt(trust(ANN), { input })).rejects.toMatchObject({
      code: 'AccessDenied',
      message: expect.stringContaining('sts:SetSourceIdentity'),
    })
    const answer = await attempt(trust(ANN, undefined, both), { input })
    expect(answer.SourceIdentity).toBe('ann')
    const session = openSession(test.masterKey, answer.Credentials.SessionToken)!
    expect(session.sourceIdentity).toBe('ann')
    const caller = { ...ann, session: { issuedAt: 1, sourceIdentity: 'ann' } }
    expect((await attempt(trust(ANN, undefined, both), { caller })).SourceIdentity).toBe('ann')
    await expect(
      attempt(trust(ANN, undefined, both), { caller, input: { SourceIdentity: 'bob' } }),
    ).rejects.toMatchObject({ code: 'AccessDenied' })
  })

  it('lets a session do no more than both the role and the session policies allow', async () => {
    await test.call('CreateRole', { RoleName: 'Limited', AssumeRolePolicyDocument: trust(ANN) })
    const role = policy(statement('Allow', ['s3:GetObject', 's3:PutObject'], 'arn:aws:s3:::data/*'))
    await test.call('PutRolePolicy', { RoleName: 'Limited', PolicyName: 'p', PolicyDocument: role })
    const question = async (limits: Record<string, unknown>, action: string) => {
      const input = { RoleArn: roleArn('Limited'), RoleSessionName: 'job', ...limits }
      const { Credentials } = (await run(test.sts, 'AssumeRole', input, ann)) as Assumed
      const { principal, issuedAt, policy: given, policyArns } = openSession(test.masterKey, Credentials.SessionToken)!
      const caller = { ...principal, session: { issuedAt, policy: given, policyArns } }
      const decision = await test.authorizer.decide({ principal: caller, action, resource: 'arn:aws:s3:::data/k' })
      return decision.allowed ? 'allowed' : `${decision.explicit ? 'denied' : 'not allowed'} by ${decision.policyType}`
    }
    const Policy = policy(statement('Allow', ['s3:GetObject', 's3:DeleteObject']))
    const PolicyArns = [{ arn: 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess' }]
    expect(await question({}, 's3:PutObject')).toBe('allowed')
    expect(await question({ Policy }, 's3:GetObject')).toBe('allowed')
    expect(await question({ Policy }, 's3:PutObject')).toBe('not allowed by session')
    expect(await question({ Policy }, 's3:DeleteObject')).toBe('not allowed by identity')
    expect(await question({ PolicyArns }, 's3:GetObject')).toBe('allowed')
    expect(await question({ PolicyArns }, 's3:PutObject')).toBe('not allowed by session')
    const denying = policy(statement('Allow', 's3:*'), statement('Deny', 's3:GetObject'))
    expect(await question({ Policy: denying }, 's3:GetObject')).toBe('denied by session')
    expect(await question({ Policy: denying }, 's3:PutObject')).toBe('allowed')
    expect(await question({ Policy: denying, PolicyArns }, 's3:GetObject')).toBe('denied by session')
  })

  it('gives credentials of GetSessionToken that are good for AssumeRole and no more of STS and IAM', async () => {
    const own = { ...ann, accessKeyId: 'ASIAOWN', session: { issuedAt: 1 } }
    await expect(attempt(trust(ANN), { caller: own })).resolves.toBeDefined()
    for (const operation of ['GetAccessKeyInfo', 'DecodeAuthorizationMessage'])
      await expect(test.authorize('sts', operation, {}, own)).rejects.toEqual(
        refusal('AccessDenied', `Cannot call ${operation} with session credentials`, 403),
      )
    await expect(test.authorize('sts', 'GetCallerIdentity', {}, own)).resolves.toBeUndefined()
    for (const principal of [own, { ...root, session: { issuedAt: 1 } }])
      await expect(test.authorize('iam', 'ListUsers', {}, principal)).rejects.toEqual(
        refusal('InvalidClientTokenId', 'The security token included in the request is invalid', 403),
      )
    await expect(test.authorize('iam', 'ListUsers', {}, root)).resolves.toBeUndefined()
  })
})
