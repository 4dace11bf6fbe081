import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Principal } from '../../../src/access/principal.ts'
import type { Logger } from '../../../src/telemetry/log.ts'
import { silentLogger } from '../../../src/telemetry/log.ts'
import { testStores } from '../../support/databases.ts'
import { eventually } from '../../support/eventually.ts'
import { allow, deny } from '../../support/identities.ts'
import { startLambdaService, type TestLambda } from '../../support/lambda-service.ts'
import { ACCOUNT, accountRoot, OTHER_ACCOUNT, refused } from '../../support/s3-service.ts'
import { zipOf } from '../../support/zip.ts'

const INVOKE = 'lambda:InvokeFunction'
const arnOf = (name: string) => `arn:aws:lambda:us-east-1:${ACCOUNT}:function:${name}`
const NO_IDENTITY = 'because no identity-based policy allows'
const NO_RESOURCE = 'because no resource-based policy allows'
const ECHO = { 'main.py': 'def handler(event, context):\n    print("was here")\n    return event' }

describe.each(testStores)('who may use a function, on $dialect', ({ create }) => {
  let lambda: TestLambda
  let warnings: unknown[]
  let count = 0
  beforeAll(async () => {
    warnings = []
    const log = { ...silentLogger, warn: (fields: unknown) => warnings.push(fields) } as unknown as Logger
    lambda = await startLambdaService({ store: await create(), logsLog: log })
    await lambda.create('f', ECHO, { Tags: { team: 'ml' } })
  }, 60_000)
  afterAll(() => lambda.stop())

  const newName = (prefix: string) => `${prefix}${++count}`
  const call = (principal: Principal, FunctionName: string, more: object = {}) =>
    lambda.call(
      'Invoke',
      { FunctionName, InvocationType: 'DryRun', ...more },
      { principal, account: principal.account },
    )
  const outcome = async (running: Promise<unknown>): Promise<string> => {
    try {
      await running
      return 'yes'
    } catch (error) {
      expect(error).toMatchObject({ code: 'AccessDeniedException', status: 403 })
      return (error as Error).message
    }
  }
  const permit = (name: string, principal: string, action = INVOKE, more: object = {}) =>
    lambda.call('AddPermission', {
      FunctionName: name,
      StatementId: newName('s'),
      Principal: principal,
      Action: action,
      ...more,
    })
  /** A function of its own for a test, without code that is ever run. */
  const another = async () => {
    const name = newName('g')
    await lambda.create(name, ECHO)
    return name
  }

  test.each<[string, string, readonly object[], readonly string[], string]>([
    ['a role without a policy', ACCOUNT, [], [], NO_IDENTITY],
    ['a role that its policy lets', ACCOUNT, [allow(INVOKE)], [], 'yes'],
    [
      'a role that its policy lets call others',
      ACCOUNT,
      [allow(INVOKE, { Resource: arnOf('*SageMaker*') })],
      [],
      NO_IDENTITY,
    ],
    ['a role that the function names', ACCOUNT, [], ['role'], 'yes'],
    [
      'a role that the function names and itself denies',
      ACCOUNT,
      [deny(INVOKE)],
      ['role'],
      'with an explicit deny in an identity-based policy',
    ],
    ['a stranger whom both let', OTHER_ACCOUNT, [allow(INVOKE)], ['role'], 'yes'],
    ['a stranger of an account that is let', OTHER_ACCOUNT, [allow(INVOKE)], [OTHER_ACCOUNT], 'yes'],
    ['a stranger whom only the function lets', OTHER_ACCOUNT, [], ['role'], NO_IDENTITY],
    ['a stranger whom only itself lets', OTHER_ACCOUNT, [allow()], [], NO_RESOURCE],
    ['a stranger where everybody is let', OTHER_ACCOUNT, [allow(INVOKE)], ['*'], 'yes'],
    ['a stranger where a service is let', OTHER_ACCOUNT, [allow(INVOKE)], ['s3.amazonaws.com'], NO_RESOURCE],
  ])('%s', async (_who, account, own, named, expected) => {
    const name = await another()
    const role = await lambda.identities.role(account, newName('r'), ...own)
    for (const principal of named) await permit(name, principal === 'role' ? (role.roleArn as string) : principal)
    const FunctionName = account === ACCOUNT ? name : arnOf(name)
    await eventually(async () => {
      const said = await outcome(call(role, FunctionName))
      if (expected === 'yes') expect(said).toBe('yes')
      else {
        expect(said).toMatch(`User: ${role.arn} is not authorized to perform: ${INVOKE} on resource: ${arnOf(name)}`)
        expect(said).toMatch(expected)
      }
    })
  })

  test('a qualifier belongs to what is asked for; $LATEST is open to whom the function is', async () => {
    const name = await another()
    const exact = await lambda.identities.role(ACCOUNT, newName('r'), allow(INVOKE, { Resource: arnOf(name) }))
    expect(await outcome(call(exact, name))).toBe('yes')
    for (const [FunctionName, Qualifier] of [
      [`${name}:$LATEST`, undefined],
      [name, '$LATEST'],
    ] as const) {
      expect(await outcome(call(exact, FunctionName, { Qualifier }))).toMatch(`${arnOf(name)}:$LATEST ${NO_IDENTITY}`)
    }
    const stranger = await lambda.identities.role(OTHER_ACCOUNT, newName('r'), allow(INVOKE))
    await permit(name, OTHER_ACCOUNT)
    await eventually(async () => expect(await outcome(call(stranger, `${arnOf(name)}:$LATEST`))).toBe('yes'))
    expect(await refused(permit(`${name}:$LATEST`, OTHER_ACCOUNT))).toMatchObject({
      code: 'InvalidParameterValueException',
      message: 'We currently do not support adding policies for $LATEST.',
    })
  })

  test('a permission that is taken back, and a function made anew, let nobody in', async () => {
    const name = await another()
    const stranger = await lambda.identities.role(OTHER_ACCOUNT, newName('r'), allow('lambda:*'))
    await permit(name, OTHER_ACCOUNT, 'lambda:GetFunction', { StatementId: 'mine' })
    const look = () =>
      outcome(
        lambda.call('GetFunction', { FunctionName: arnOf(name) }, { principal: stranger, account: OTHER_ACCOUNT }),
      )
    await eventually(async () => expect(await look()).toBe('yes'))
    expect(await outcome(call(stranger, arnOf(name)))).toMatch(NO_RESOURCE)
    await lambda.call('RemovePermission', { FunctionName: name, StatementId: 'mine' })
    await eventually(async () => expect(await look()).toMatch(NO_RESOURCE))
    await permit(name, OTHER_ACCOUNT, 'lambda:*')
    await eventually(async () => expect(await look()).toBe('yes'))
    await lambda.call('DeleteFunction', { FunctionName: name })
    await lambda.create(name, ECHO)
    await eventually(async () => expect(await look()).toMatch(NO_RESOURCE))
  })

  test('some things are for the own account alone, whatever the policy says', async () => {
    const name = await another()
    const principal = await lambda.identities.role(OTHER_ACCOUNT, newName('r'), allow())
    const as = { principal, account: OTHER_ACCOUNT }
    await permit(name, OTHER_ACCOUNT, 'lambda:*')
    const FunctionName = arnOf(name)
    await eventually(async () => expect(await outcome(lambda.call('GetPolicy', { FunctionName }, as))).toBe('yes'))
    for (const denied of [
      lambda.call(
        'AddPermission',
        { FunctionName, StatementId: 'x', Principal: OTHER_ACCOUNT, Action: 'lambda:*' },
        as,
      ),
      lambda.call('RemovePermission', { FunctionName, StatementId: 'x' }, as),
      lambda.call('UpdateFunctionConfiguration', { FunctionName, Description: 'x' }, as),
    ]) {
      expect(await outcome(denied)).toMatch(NO_RESOURCE)
    }
    await lambda.call('TagResource', { Resource: FunctionName, Tags: { by: 'them' } }, as)
    await lambda.call('DeleteFunction', { FunctionName }, as)
  })

  test('conditions on tags, who is let, and networks', async () => {
    const team = (value: string) => ({ Condition: { StringEquals: { 'aws:ResourceTag/team': value } } })
    const [ml, bi] = [
      await lambda.identities.role(ACCOUNT, newName('r'), allow(INVOKE, team('ml'))),
      await lambda.identities.role(ACCOUNT, newName('r'), allow(INVOKE, team('bi'))),
    ]
    expect([await outcome(call(ml, 'f')), await outcome(call(bi, 'f'))]).toEqual([
      'yes',
      expect.stringContaining(NO_IDENTITY),
    ])
    const name = await another()
    const clerk = await lambda.identities.role(
      ACCOUNT,
      newName('r'),
      allow('lambda:AddPermission', { Condition: { StringEquals: { 'lambda:Principal': 's3.amazonaws.com' } } }),
    )
    const add = (Principal: string) =>
      outcome(
        lambda.call(
          'AddPermission',
          { FunctionName: name, StatementId: newName('s'), Principal, Action: INVOKE },
          { principal: clerk },
        ),
      )
    expect([await add('s3.amazonaws.com'), await add(OTHER_ACCOUNT)]).toEqual([
      'yes',
      expect.stringContaining(NO_IDENTITY),
    ])
    for (const Principal of ['arn:aws:iam::1:root', 'arn:aws:s3:::b', 'arn:aws:iam::123456789012:role/*']) {
      const input = { FunctionName: name, StatementId: newName('s'), Principal, Action: INVOKE }
      expect(await refused(lambda.call('AddPermission', input))).toMatchObject({
        code: 'InvalidParameterValueException',
        message: 'The provided principal was invalid. Please check the principal and try again.',
      })
    }
  })

  test('other services invoke as somebody: no role reaches a function of another account by naming it', async () => {
    const invoke = (principal: Principal, arn: string) =>
      lambda.facade.invoke(principal, arn, Buffer.from('{"a":1}'), AbortSignal.timeout(20_000))
    const deputy = await lambda.identities.role(OTHER_ACCOUNT, newName('r'), allow(INVOKE))
    expect(await outcome(invoke(deputy, arnOf('f')))).toMatch(NO_RESOURCE)
    expect(await outcome(invoke(accountRoot(OTHER_ACCOUNT), arnOf('missing')))).toMatch(NO_RESOURCE)
    const named = await lambda.identities.role(
      ACCOUNT,
      newName('r'),
      allow(INVOKE, { Resource: '*:function:*SageMaker*' }),
    )
    expect(await outcome(invoke(named, arnOf('f')))).toMatch(NO_IDENTITY)
    // However it is spelled, it is the same function.
    const barred = await lambda.identities.role(
      ACCOUNT,
      newName('r'),
      allow(INVOKE),
      deny(INVOKE, { Resource: arnOf('f') }),
    )
    for (const spelling of [arnOf('f'), arnOf('f').replace('function:', ''), arnOf('f').replace('aws', 'aws-x')]) {
      expect(await outcome(invoke(barred, spelling))).toMatch('explicit deny')
    }
    await permit('f', deputy.roleArn as string)
    await eventually(async () => {
      const { payload } = await invoke(deputy, arnOf('f'))
      expect(Buffer.from(payload).toString()).toBe('{"a": 1}')
    })
    for (const bad of ['f', `${ACCOUNT}:function:f`, 'arn:aws:lambda:::function:f', 'arn:aws:s3:::b']) {
      await expect(invoke(accountRoot(ACCOUNT), bad)).rejects.toMatchObject({ code: 'InvalidParameterValueException' })
    }
  })

  test('a function writes its log as its role; one that may not write runs all the same', async () => {
    const name = newName('quiet')
    const role = await lambda.identities.role(ACCOUNT, newName('mute'))
    await lambda.identities.trust(role, 'lambda.amazonaws.com')
    await lambda.create(name, ECHO, { Role: role.roleArn })
    expect((await lambda.invoke(name, { a: 1 })).answer).toEqual({ a: 1 })
    await eventually(() => expect(warnings).toHaveLength(1))
    expect(warnings[0]).toMatchObject({ role: role.roleArn, group: `/aws/lambda/${name}` })
    await lambda.invoke(name)
    expect(await refused(lambda.logOf(name))).toMatchObject({ code: 'ResourceNotFoundException' })
    await lambda.identities.give(role, allow('logs:*'))
    await eventually(async () => {
      await lambda.invoke(name)
      expect(await lambda.logOf(name)).toContain('was here')
    })
    expect(warnings).toHaveLength(1)
  })

  test('a role is handed to a function by whom it may be passed by', async () => {
    const role = await lambda.identities.role(ACCOUNT, newName('worker'))
    await lambda.identities.trust(role, 'lambda.amazonaws.com')
    const maker = await lambda.identities.role(ACCOUNT, newName('maker'), allow('lambda:CreateFunction'))
    const input = {
      FunctionName: newName('h'),
      Role: role.roleArn as string,
      Runtime: 'python3.11' as const,
      Handler: 'main.handler',
      Code: { ZipFile: zipOf({ name: 'main.py', content: ECHO['main.py'] }) },
    }
    const make = (Role = input.Role) => lambda.call('CreateFunction', { ...input, Role }, { principal: maker })
    expect(await outcome(make())).toMatch(`perform: iam:PassRole on resource: ${role.roleArn} ${NO_IDENTITY}`)
    const passes = (service: string) =>
      allow('iam:PassRole', { Condition: { StringEquals: { 'iam:PassedToService': service } } })
    await lambda.identities.give(maker, allow('lambda:CreateFunction'), passes('sagemaker.amazonaws.com'))
    expect(await outcome(make())).toMatch('iam:PassRole')
    await lambda.identities.give(maker, allow('lambda:CreateFunction'), passes('lambda.amazonaws.com'))
    const untrusting = await lambda.identities.role(ACCOUNT, newName('untrusting'))
    expect(await refused(make(untrusting.roleArn))).toMatchObject({
      code: 'InvalidParameterValueException',
      message: 'The role defined for the function cannot be assumed by Lambda.',
    })
    const foreign = await lambda.identities.role(OTHER_ACCOUNT, newName('foreign'))
    await lambda.identities.trust(foreign, 'lambda.amazonaws.com')
    expect(await outcome(make(foreign.roleArn))).toBe('Cross-account pass role is not allowed.')
    await make()
  })
})
