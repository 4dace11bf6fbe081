import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Principal } from '../../../src/access/principal.ts'
import { repositoryChanged } from '../../../src/services/ecr/resource-directory.ts'
import { statement } from '../../../src/storage/statement.ts'
import { testStores } from '../../support/databases.ts'
import { OCI_MANIFEST, startEcr, type TestEcr } from '../../support/ecr-service.ts'
import { eventually } from '../../support/eventually.ts'
import { allow, deny, policyOf } from '../../support/identities.ts'
import { ACCOUNT, accountRoot, OTHER_ACCOUNT, refused } from '../../support/s3-service.ts'

const NAME = 'models'
const ARN = `arn:aws:ecr:us-east-1:${ACCOUNT}:repository/${NAME}`
const PULL = ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer']
const PUSH = [
  'ecr:BatchCheckLayerAvailability',
  'ecr:InitiateLayerUpload',
  'ecr:UploadLayerPart',
  'ecr:CompleteLayerUpload',
  'ecr:PutImage',
]
const NO_IDENTITY = 'because no identity-based policy allows'
const NO_RESOURCE = 'because no resource-based policy allows'

/** A statement of a repository's policy, which names no resource. */
const forWhom = (action: string | readonly string[], Principal: unknown, Effect = 'Allow') => ({
  Effect,
  Action: action,
  Principal,
})
const theRole = (account: string, name = 'r') => ({ AWS: `arn:aws:iam::${account}:role/${name}` })

describe.each(testStores)('who may use a repository, on $dialect', ({ create }) => {
  let ecr: TestEcr
  beforeEach(async () => {
    ecr = await startEcr(await create())
    await ecr.call('CreateRepository', { repositoryName: NAME, tags: [{ Key: 'team', Value: 'ml' }] })
  })
  afterEach(() => ecr.stop())

  const setPolicy = async (...statements: readonly object[]) => {
    const policyText = policyOf(...statements)
    await ecr.call('SetRepositoryPolicy', { repositoryName: NAME, policyText, force: true })
    await heard(statements.length)
  }
  /** Workers hear of another policy within moments. */
  const heard = (statements: number) =>
    eventually(async () => {
      const side = await ecr.directory.find(ARN, accountRoot(ACCOUNT))
      expect(side?.policies?.policies[0]?.policy.statements ?? []).toHaveLength(statements)
    })
  const dropPolicy = async () => {
    await ecr.call('DeleteRepositoryPolicy', { repositoryName: NAME })
    await heard(0)
  }
  const describeImages = (principal: Principal) =>
    ecr.call('DescribeImages', { registryId: ACCOUNT, repositoryName: NAME }, { principal })
  const outcome = async (call: Promise<unknown>): Promise<string> => {
    try {
      await call
      return 'yes'
    } catch (error) {
      expect(error).toMatchObject({ code: 'AccessDeniedException' })
      return (error as Error).message
    }
  }

  const DESCRIBE = 'ecr:DescribeImages'
  test.each<[string, string, readonly object[], readonly object[], string]>([
    ['a role without a policy', ACCOUNT, [], [], NO_IDENTITY],
    ['a role that its policy lets', ACCOUNT, [allow(DESCRIBE)], [], 'yes'],
    ['a role that the repository names', ACCOUNT, [], [forWhom(DESCRIBE, theRole(ACCOUNT))], 'yes'],
    [
      'a role that is denied by itself',
      ACCOUNT,
      [deny(DESCRIBE)],
      [forWhom(DESCRIBE, theRole(ACCOUNT))],
      'explicit deny in an identity-based policy',
    ],
    [
      'a role that is denied by the repository',
      ACCOUNT,
      [allow()],
      [forWhom('ecr:*', '*', 'Deny')],
      'explicit deny in a resource-based policy',
    ],
    ['a stranger whom both let', OTHER_ACCOUNT, [allow(DESCRIBE)], [forWhom(DESCRIBE, { AWS: OTHER_ACCOUNT })], 'yes'],
    [
      'a stranger whom only the repository lets',
      OTHER_ACCOUNT,
      [],
      [forWhom(DESCRIBE, theRole(OTHER_ACCOUNT))],
      NO_IDENTITY,
    ],
    ['a stranger whom only itself lets', OTHER_ACCOUNT, [allow()], [], NO_RESOURCE],
    [
      'a stranger who is let do something else',
      OTHER_ACCOUNT,
      [allow()],
      [forWhom('ecr:ListImages', '*')],
      NO_RESOURCE,
    ],
    [
      'whom a tag lets',
      ACCOUNT,
      [allow(DESCRIBE, { Condition: { StringEquals: { 'aws:ResourceTag/team': 'ml' } } })],
      [],
      'yes',
    ],
    [
      'whom a tag lets, by its name of ECR',
      ACCOUNT,
      [allow(DESCRIBE, { Condition: { StringEquals: { 'ecr:ResourceTag/team': 'ml' } } })],
      [],
      'yes',
    ],
    [
      'whom another tag would let',
      ACCOUNT,
      [allow(DESCRIBE, { Condition: { StringEquals: { 'ecr:ResourceTag/team': 'bi' } } })],
      [],
      NO_IDENTITY,
    ],
  ])('%s', async (_who, account, own, ofRepository, expected) => {
    const role = await ecr.identities.role(account, 'r', ...own)
    if (ofRepository.length > 0) await setPolicy(...ofRepository)
    const said = await outcome(describeImages(role))
    if (expected === 'yes') expect(said).toBe('yes')
    else {
      expect(said).toMatch(`User: ${role.arn} is not authorized to perform: ecr:DescribeImages on resource: ${ARN}`)
      expect(said).toMatch(expected)
    }
  })

  test('root of the account needs no policy, but can be denied; with force a policy may shut out who sets it', async () => {
    await describeImages(accountRoot(ACCOUNT))
    const policyText = policyOf(forWhom('ecr:*', '*', 'Deny'))
    const input = { repositoryName: NAME, policyText }
    expect(await refused(ecr.call('SetRepositoryPolicy', input))).toMatchObject({ code: 'InvalidParameterException' })
    await setPolicy(forWhom('ecr:*', '*', 'Deny'))
    expect(await outcome(describeImages(accountRoot(ACCOUNT)))).toMatch('explicit deny')
    expect(await outcome(describeImages(accountRoot(OTHER_ACCOUNT)))).toMatch('explicit deny')
  })

  test('a repository that is missing is told apart from one that is closed only by whom it would be for', async () => {
    const missing = { registryId: ACCOUNT, repositoryName: 'none' }
    expect(await refused(ecr.call('DescribeImages', missing))).toMatchObject({ code: 'RepositoryNotFoundException' })
    const principal = await ecr.identities.role(OTHER_ACCOUNT, 'r', allow())
    expect(await outcome(ecr.call('DescribeImages', missing, { principal }))).toMatch(NO_RESOURCE)
    // Made again, it has nothing of what it was.
    await setPolicy(forWhom('ecr:*', '*'))
    await ecr.call('DeleteRepository', { repositoryName: NAME })
    await ecr.call('CreateRepository', { repositoryName: NAME })
    await eventually(async () => expect(await outcome(describeImages(principal))).toMatch(NO_RESOURCE))
  })

  test('another account pulls by the registry as far as both sides let it, and is told why not', async () => {
    await ecr.image(NAME, 'v1', ['a layer'])
    const principal = await ecr.identities.role(OTHER_ACCOUNT, 'r')
    const manifest = () => ecr.registry('GET', `${NAME}/manifests/v1`, { principal, headers: { accept: OCI_MANIFEST } })
    const layers = async () => {
      const { layers: named } = JSON.parse((await manifest()).text) as { layers: { digest: string }[] }
      return ecr.registry('GET', `${NAME}/blobs/${named[0]?.digest}`, { principal })
    }
    const denial = async (reply: Promise<{ status: number; text: string; code: string | undefined }>) => {
      const { status, code, text } = await reply
      expect([status, code]).toEqual([403, 'DENIED'])
      return (JSON.parse(text) as { errors: { message: string }[] }).errors[0]?.message
    }
    const sentence = `User: ${principal.arn} is not authorized to perform: ecr:BatchGetImage on resource: ${ARN}`
    expect(await denial(manifest())).toBe(`${sentence} ${NO_IDENTITY} the ecr:BatchGetImage action`)
    await ecr.identities.give(principal, allow('ecr:*'))
    expect(await denial(manifest())).toBe(`${sentence} ${NO_RESOURCE} the ecr:BatchGetImage action`)
    await setPolicy(forWhom('ecr:BatchGetImage', { AWS: OTHER_ACCOUNT }))
    expect(await manifest()).toMatchObject({ status: 200 })
    expect(await denial(layers())).toMatch('ecr:GetDownloadUrlForLayer')
    await setPolicy(forWhom(PULL, { AWS: OTHER_ACCOUNT }))
    expect(await layers()).toMatchObject({ status: 200, text: 'a layer' })
    expect(await denial(ecr.registry('GET', `${NAME}/tags/list`, { principal }))).toMatch('ecr:ListImages')
    expect(await denial(ecr.registry('HEAD', `${NAME}/blobs/sha256:x`, { principal }))).toMatch(
      'ecr:BatchCheckLayerAvailability',
    )
    // Taken back, it acts at once.
    await dropPolicy()
    expect(await denial(manifest())).toMatch(NO_RESOURCE)
  })

  test('each step of a push is asked for', async () => {
    const principal = await ecr.identities.role(ACCOUNT, 'r')
    const post = (query = '') => ecr.registry('POST', `${NAME}/blobs/uploads/`, { principal, query })
    const steps: readonly (readonly [string, () => ReturnType<TestEcr['registry']>])[] = [
      ['ecr:BatchCheckLayerAvailability', () => ecr.registry('HEAD', `${NAME}/blobs/sha256:x`, { principal })],
      ['ecr:InitiateLayerUpload', () => post()],
      ['ecr:UploadLayerPart', () => ecr.registry('PATCH', `${NAME}/blobs/uploads/x`, { principal, body: 'a' })],
      ['ecr:CompleteLayerUpload', () => ecr.registry('PUT', `${NAME}/blobs/uploads/x`, { principal })],
      ['ecr:PutImage', () => ecr.registry('PUT', `${NAME}/manifests/v1`, { principal, body: '{}' })],
    ]
    for (const [action, step] of steps) {
      await ecr.identities.give(principal)
      expect((await step()).text, action).toMatch(`not authorized to perform: ${action} on`)
      await ecr.identities.give(principal, allow(action))
      expect((await step()).status, action).not.toBe(403)
      await ecr.identities.give(principal, allow(), deny(action))
      expect((await step()).text, action).toMatch('with an explicit deny in an identity-based policy')
    }
    expect(steps.map(([action]) => action)).toEqual(PUSH)
    expect(
      (await ecr.registry('DELETE', `${NAME}/manifests/v1`, { principal: await ecr.identities.role(ACCOUNT, 's') }))
        .text,
    ).toMatch('ecr:BatchDeleteImage')
  })

  test('a session policy holds for the login that was made with it', async () => {
    await ecr.image(NAME, 'v1')
    const role = await ecr.identities.role(ACCOUNT, 'r', allow())
    const narrow = {
      ...role,
      accessKeyId: 'ASIANARROW',
      session: { issuedAt: 0, policy: policyOf(allow('ecr:ListImages')) },
    }
    const read = (principal: Principal) => ecr.registry('GET', `${NAME}/manifests/v1`, { principal })
    expect(await read(role)).toMatchObject({ status: 200 })
    const { status, text } = await read(narrow)
    expect(status).toBe(403)
    expect(text).toMatch('because no session policy allows the ecr:BatchGetImage action')
    expect(await ecr.registry('GET', `${NAME}/tags/list`, { principal: narrow })).toMatchObject({ status: 200 })
  })

  test('a login goes with whom it was made for, whomever the policy of the repository names', async () => {
    await ecr.image(NAME, 'v1')
    const user = await ecr.identities.user(ACCOUNT, 'leaver')
    const policyText = policyOf({ Effect: 'Allow', Principal: { AWS: user.arn }, Action: 'ecr:BatchGetImage' })
    await ecr.call('SetRepositoryPolicy', { repositoryName: NAME, policyText })
    const read = () => ecr.registry('GET', `${NAME}/manifests/v1`, { principal: user })
    expect(await read()).toMatchObject({ status: 200 })
    const { query } = ecr.deps.database
    await ecr.deps.database.commit([statement(query.deleteFrom('iam_users').where('user_id', '=', user.userId))])
    expect(await read()).toMatchObject({ status: 401, code: 'UNAUTHORIZED' })
  })

  test('a blob is mounted from where the caller may read', async () => {
    const digest = await ecr.blob(NAME, 'shared')
    await ecr.call('CreateRepository', { repositoryName: 'mine' }, { principal: accountRoot(OTHER_ACCOUNT) })
    const mount = async () =>
      (
        await ecr.registry('POST', `/v2/${OTHER_ACCOUNT}/us-east-1/mine/blobs/uploads/`, {
          principal: accountRoot(OTHER_ACCOUNT),
          query: `mount=${digest}&from=${ACCOUNT}/us-east-1/${NAME}`,
        })
      ).status
    expect(await mount()).toBe(202)
    await setPolicy(forWhom('ecr:GetDownloadUrlForLayer', { AWS: OTHER_ACCOUNT }))
    expect(await mount()).toBe(201)
  })

  test('policies that are none are refused', async () => {
    for (const policyText of [
      '{',
      policyOf({ Effect: 'Allow', Action: 'ecr:*' }),
      policyOf(forWhom('s3:GetObject', '*')),
      policyOf({ ...forWhom('ecr:*', '*'), Condition: { Same: { a: 'b' } } }),
      policyOf(forWhom('ecr:*', { AWS: 'nobody' })),
      policyOf(forWhom('ecr:*', '*')) + ' '.repeat(10_240),
    ]) {
      const error = await refused(ecr.call('SetRepositoryPolicy', { repositoryName: NAME, policyText }))
      expect(error).toMatchObject({ code: 'InvalidParameterException' })
    }
    expect(await refused(ecr.call('GetRepositoryPolicy', { repositoryName: NAME }))).toMatchObject({
      code: 'RepositoryPolicyNotFoundException',
    })
  })

  test('when storage cannot say, nobody is let in', async () => {
    await setPolicy(forWhom('ecr:*', '*'))
    const row = { account: ACCOUNT, region: 'us-east-1', name: NAME }
    await ecr.deps.database.commit([repositoryChanged(ecr.deps.changeFeed, row)])
    await ecr.deps.database.close()
    const { status, code } = await ecr.registry('GET', `${NAME}/tags/list`, { principal: accountRoot(OTHER_ACCOUNT) })
    // 503 or 500, by how the closed database says it: what matters is that it is no answer.
    expect([status >= 500, code]).toEqual([true, 'UNKNOWN'])
  })
})
