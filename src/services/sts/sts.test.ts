import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testStores } from '../../../test/support/databases.ts'
import {
  account,
  identityPolicy,
  now,
  refusal,
  run,
  startIam,
  type TestIam,
  trustPolicy,
} from '../../../test/support/iam-service.ts'
import type { Principal } from '../../access/principal.ts'
import { rootPrincipal } from '../../access/principals.ts'
import { openSession } from '../../access/session-token.ts'

describe.each(testStores)('STS on $dialect', ({ create }) => {
  let test: TestIam
  beforeAll(async () => {
    test = await startIam(await create())
    await test.call('CreateRole', {
      RoleName: 'Assumed',
      Path: '/dev/',
      AssumeRolePolicyDocument: trustPolicy({ AWS: account }),
      MaxSessionDuration: 7200,
    })
  })
  afterAll(() => test.stop())

  const assume = (input: Record<string, unknown>, principal: Principal = rootPrincipal(account)) =>
    run(test.sts, 'AssumeRole', { RoleSessionName: 'job', ...input }, principal) as Promise<{
      Credentials: { SessionToken: string; Expiration: number; AccessKeyId: string; SecretAccessKey: string }
      AssumedRoleUser: { Arn: string }
      PackedPolicySize?: number
    }>
  const RoleArn = `arn:aws:iam::${account}:role/dev/Assumed`

  it('lets a role be assumed by whom its trust policy admits', async () => {
    const policy = identityPolicy('s3:GetObject')
    const answer = await assume({
      RoleArn,
      Policy: policy,
      PolicyArns: [{ arn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' }],
    })
    expect(answer.AssumedRoleUser.Arn).toBe(`arn:aws:sts::${account}:assumed-role/Assumed/job`)
    expect(answer.PackedPolicySize).toBeGreaterThan(0)
    const session = openSession(test.masterKey, answer.Credentials.SessionToken)!
    expect(session).toMatchObject({
      accessKeyId: answer.Credentials.AccessKeyId,
      secretAccessKey: answer.Credentials.SecretAccessKey,
      expiration: now + 3_600_000,
      policy,
      policyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
      principal: { kind: 'role', roleArn: RoleArn, arn: answer.AssumedRoleUser.Arn },
    })
    await expect(assume({ RoleArn: `arn:aws:iam::${account}:role/SageMakerExecutionRole` })).rejects.toEqual(
      refusal(
        'AccessDenied',
        `User: arn:aws:iam::${account}:root is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::${account}:role/SageMakerExecutionRole because no role trust policy allows the sts:AssumeRole action`,
        403,
      ),
    )
    await expect(assume({ RoleArn }, rootPrincipal('999999999999'))).rejects.toMatchObject({ code: 'AccessDenied' })
  })

  it('says the same of roles that do not exist, and refuses what is no role', async () => {
    for (const name of ['none', 'Assumed', 'dev/Assumed/more']) {
      await expect(assume({ RoleArn: `arn:aws:iam::${account}:role/${name}` })).rejects.toMatchObject({
        code: 'AccessDenied',
      })
    }
    for (const arn of ['role', `arn:aws:iam::${account}:user/ann`, 'arn:aws:iam::1:role/short']) {
      await expect(assume({ RoleArn: arn })).rejects.toMatchObject({ code: 'ValidationError' })
    }
  })

  it('keeps to the longest duration', async () => {
    expect((await assume({ RoleArn, DurationSeconds: 7200 })).Credentials.Expiration).toBe(now + 7_200_000)
    await expect(assume({ RoleArn, DurationSeconds: 7201 })).rejects.toEqual(
      refusal('ValidationError', 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.'),
    )
    const chained = { ...rootPrincipal(account), kind: 'role' as const }
    const open = { RoleName: 'Open', AssumeRolePolicyDocument: trustPolicy({ AWS: '*' }), MaxSessionDuration: 7200 }
    await test.call('CreateRole', open)
    await expect(
      assume({ RoleArn: `arn:aws:iam::${account}:role/Open`, DurationSeconds: 3601 }, chained),
    ).rejects.toEqual(refusal('ValidationError', /role chaining/))
  })

  it('refuses by name what would change the outcome', async () => {
    for (const member of [
      { Tags: [{ Key: 'a', Value: 'b' }] },
      { TransitiveTagKeys: ['a'] },
      { SerialNumber: 'arn:aws:iam::1:mfa/a', TokenCode: '123456' },
    ]) {
      await expect(assume({ RoleArn, ...member })).rejects.toMatchObject({ code: 'NotImplemented', status: 501 })
    }
  })

  it('refuses session policies that are malformed, missing or too large', async () => {
    await expect(assume({ RoleArn, Policy: '{' })).rejects.toMatchObject({ code: 'MalformedPolicyDocument' })
    await expect(assume({ RoleArn, PolicyArns: [{ arn: `arn:aws:iam::${account}:policy/no` }] })).rejects.toMatchObject(
      {
        code: 'MalformedPolicyDocument',
      },
    )
    const large = identityPolicy(...Array.from({ length: 150 }, (_, n) => `service${n}:Action${n}`))
    await expect(assume({ RoleArn, Policy: large })).rejects.toMatchObject({ code: 'PackedPolicyTooLarge' })
  })

  it('gives temporary credentials of oneself, but not to a session', async () => {
    const root = rootPrincipal(account, 'AKIAROOT')
    const answer = (await run(test.sts, 'GetSessionToken', { DurationSeconds: 7200 }, root)) as {
      Credentials: { SessionToken: string; Expiration: number }
    }
    expect(answer.Credentials.Expiration).toBe(now + 3_600_000)
    expect(openSession(test.masterKey, answer.Credentials.SessionToken)?.principal).toMatchObject({
      kind: 'root',
      account,
    })
    await expect(run(test.sts, 'GetSessionToken', {}, rootPrincipal(account, 'ASIAROOT'))).rejects.toEqual(
      refusal('AccessDenied', 'Cannot call GetSessionToken with session credentials', 403),
    )
    await expect(run(test.sts, 'GetSessionToken', { TokenCode: '123456' }, root)).rejects.toMatchObject({
      code: 'AccessDenied',
    })
  })

  it('lets services act as roles that admit them', async () => {
    const arn = `arn:aws:iam::${account}:role/SageMakerExecutionRole`
    const principal = (await test.facade.assumeRoleForService(arn, 'sagemaker.amazonaws.com', 'SageMaker'))!
    expect(principal).toMatchObject({
      kind: 'role',
      account,
      roleArn: arn,
      arn: `arn:aws:sts::${account}:assumed-role/SageMakerExecutionRole/SageMaker`,
    })
    const credentials = await test.facade.issueCredentials(principal, 900)
    expect(openSession(test.masterKey, credentials.sessionToken)).toMatchObject({
      accessKeyId: credentials.accessKeyId,
      expiration: now + 900_000,
      principal: { arn: principal.arn },
    })
    expect(await test.facade.assumeRoleForService(arn, 'ec2.amazonaws.com', 's')).toBeUndefined()
    const confused = (account: string, function_: string) =>
      JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'lambda.amazonaws.com' },
            Action: 'sts:AssumeRole',
            Condition: { StringEquals: { 'aws:SourceAccount': account }, ArnLike: { 'aws:SourceArn': function_ } },
          },
        ],
      })
    const wanted = `arn:aws:lambda:us-east-1:${account}:function:wanted`
    for (const [owner, named, admitted] of [
      [account, wanted, true],
      [account, `${wanted}-not`, false],
      ['222222222222', wanted, false],
    ] as const) {
      await test.call('UpdateAssumeRolePolicy', { RoleName: 'Assumed', PolicyDocument: confused(owner, named) })
      const taken = await test.facade.assumeRoleForService(RoleArn, 'lambda.amazonaws.com', 's', wanted)
      expect(taken !== undefined).toBe(admitted)
    }
    expect(await test.facade.assumeRoleForService(RoleArn, 'sagemaker.amazonaws.com', 's')).toBeUndefined()
    for (const missing of [`${arn}x`, arn.replace('role/', 'role/path/'), 'nonsense', '']) {
      expect(await test.facade.assumeRoleForService(missing, 'sagemaker.amazonaws.com', 's')).toBeUndefined()
    }
  })

  it('knows the account of a key', async () => {
    const { accessKeyId } = await test.facade.issueCredentials(rootPrincipal(account), 900)
    expect(await run(test.sts, 'GetAccessKeyInfo', { AccessKeyId: accessKeyId }, rootPrincipal(account))).toEqual({
      Account: account,
    })
    await expect(
      run(test.sts, 'GetAccessKeyInfo', { AccessKeyId: 'AKIA0000000000000000' }, rootPrincipal(account)),
    ).rejects.toMatchObject({ code: 'ValidationError' })
  })
})
