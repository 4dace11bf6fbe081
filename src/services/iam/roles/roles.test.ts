import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testStores } from '../../../../test/support/databases.ts'
import {
  account,
  now,
  refusal,
  run,
  SAGEMAKER_TRUST,
  startIam,
  type TestIam,
  trustPolicy,
} from '../../../../test/support/iam-service.ts'
import { rootPrincipal } from '../../../access/principals.ts'
import type { ListPoliciesResponse } from '../../../model/generated/iam.ts'
import { awsManagedPolicies } from '../aws-managed/aws-managed-policies.ts'

describe.each(testStores)('roles on $dialect', ({ create }) => {
  let test: TestIam
  beforeAll(async () => {
    test = await startIam(await create())
  })
  afterAll(() => test.stop())

  it('keeps roles as they were given', async () => {
    const made = await test.call('CreateRole', {
      RoleName: 'Trainer',
      Path: '/ml/',
      AssumeRolePolicyDocument: SAGEMAKER_TRUST,
      Description: 'trains',
      MaxSessionDuration: 7200,
      Tags: [{ Key: 'team', Value: 'a' }],
      PermissionsBoundary: 'arn:aws:iam::aws:policy/ReadOnlyAccess',
    })
    expect(made.Role).toMatchObject({
      Arn: `arn:aws:iam::${account}:role/ml/Trainer`,
      RoleId: expect.stringMatching(/^AROA[A-Z2-7]{16}$/),
      CreateDate: now,
    })
    const { Role } = await test.call('GetRole', { RoleName: 'trainer' })
    expect(Role).toEqual(made.Role)
    expect(Role.AssumeRolePolicyDocument).toMatch(/^[A-Za-z0-9%._~-]+$/)
    expect(decodeURIComponent(Role.AssumeRolePolicyDocument!)).toBe(SAGEMAKER_TRUST)
    expect(Role.PermissionsBoundary?.PermissionsBoundaryArn).toBe('arn:aws:iam::aws:policy/ReadOnlyAccess')

    await test.call('UpdateRole', { RoleName: 'Trainer', Description: 'trains more' })
    await test.call('UpdateAssumeRolePolicy', { RoleName: 'Trainer', PolicyDocument: trustPolicy({ AWS: '*' }) })
    const { Role: changed } = await test.call('GetRole', { RoleName: 'Trainer' })
    expect(changed).toMatchObject({ Description: 'trains more', MaxSessionDuration: 7200 })
    expect(decodeURIComponent(changed.AssumeRolePolicyDocument!)).toBe(trustPolicy({ AWS: '*' }))

    const listed = await test.call('ListRoles', { PathPrefix: '/ml/' })
    expect(listed).toMatchObject({ IsTruncated: false, Roles: [{ RoleName: 'Trainer' }] })
    expect(listed.Roles[0]).not.toHaveProperty('Tags')
    await test.call('DeleteRole', { RoleName: 'Trainer' })
    await expect(test.call('GetRole', { RoleName: 'Trainer' })).rejects.toEqual(
      refusal('NoSuchEntity', 'The role with name Trainer cannot be found.', 404),
    )
  })

  it('refuses roles that cannot be', async () => {
    await test.call('CreateRole', { RoleName: 'Once', AssumeRolePolicyDocument: SAGEMAKER_TRUST })
    await expect(
      test.call('CreateRole', { RoleName: 'ONCE', AssumeRolePolicyDocument: SAGEMAKER_TRUST }),
    ).rejects.toEqual(refusal('EntityAlreadyExists', 'Role with name ONCE already exists.', 409))
    await expect(test.call('CreateRole', { RoleName: 'r', AssumeRolePolicyDocument: '{}' })).rejects.toEqual(
      refusal('MalformedPolicyDocument', /./, 400),
    )
    const boundary = `arn:aws:iam::${account}:policy/none`
    await expect(
      test.call('CreateRole', {
        RoleName: 'r',
        AssumeRolePolicyDocument: SAGEMAKER_TRUST,
        PermissionsBoundary: boundary,
      }),
    ).rejects.toEqual(refusal('NoSuchEntity', `Scope ARN: ${boundary} does not exist or is not attachable.`))
    const long = trustPolicy({ AWS: Array.from({ length: 200 }, (_, n) => `arn:aws:iam::${account}:role/r${n}`) })
    await expect(test.call('CreateRole', { RoleName: 'r', AssumeRolePolicyDocument: long })).rejects.toEqual(
      refusal('LimitExceeded', 'Cannot exceed quota for ACLSizePerRole: 4096', 409),
    )
    await expect(test.call('GetRole', { RoleName: 'r' })).rejects.toMatchObject({ code: 'NoSuchEntity' })
    for (const missing of [
      `arn:aws:iam::${account}:role/none`,
      `arn:aws:iam::${account}:user/none`,
      `arn:aws:iam::999999999999:role/none`,
      // It is there, but not on this path.
      `arn:aws:iam::${account}:role/path/Once`,
    ]) {
      const named = refusal('MalformedPolicyDocument', `Invalid principal in policy: "AWS":"${missing}"`)
      const document = trustPolicy({ AWS: [account, missing] })
      await expect(test.call('CreateRole', { RoleName: 'r', AssumeRolePolicyDocument: document })).rejects.toEqual(
        named,
      )
      await expect(test.call('UpdateAssumeRolePolicy', { RoleName: 'Once', PolicyDocument: document })).rejects.toEqual(
        named,
      )
    }
    const there = trustPolicy({ AWS: [account, `arn:aws:iam::${account}:role/Once`] })
    await test.call('UpdateAssumeRolePolicy', { RoleName: 'Once', PolicyDocument: there })
    for (const [operation, input] of [
      ['UpdateRole', {}],
      ['UpdateAssumeRolePolicy', { PolicyDocument: SAGEMAKER_TRUST }],
      ['DeleteRole', {}],
      ['ListRoleTags', {}],
      ['ListAttachedRolePolicies', {}],
      ['ListRolePolicies', {}],
      ['ListInstanceProfilesForRole', {}],
    ] as const) {
      await expect(
        run(test.iam, operation, { RoleName: 'gone', ...input }, rootPrincipal(account)),
      ).rejects.toMatchObject({
        code: 'NoSuchEntity',
      })
    }
    await test.call('DeleteRole', { RoleName: 'Once' })
  })

  it('creates a role once, however often it is asked at the same moment', async () => {
    const tries = Array.from({ length: 8 }, () =>
      test.call('CreateRole', { RoleName: 'Race', AssumeRolePolicyDocument: SAGEMAKER_TRUST }).then(
        () => 'made',
        (error) => error.code,
      ),
    )
    expect((await Promise.all(tries)).sort()).toEqual([...Array(7).fill('EntityAlreadyExists'), 'made'].sort())
    await test.call('DeleteRole', { RoleName: 'Race' })
  })

  it('pages', async () => {
    const names = ['p1', 'P2', 'p3', 'P4', 'p5']
    for (const RoleName of names) {
      await test.call('CreateRole', { RoleName, Path: '/pages/', AssumeRolePolicyDocument: SAGEMAKER_TRUST })
    }
    const seen: string[] = []
    let marker: string | undefined
    do {
      const page = await test.call('ListRoles', { PathPrefix: '/pages/', MaxItems: 2, Marker: marker })
      expect(page.IsTruncated).toBe(page.Marker !== undefined)
      seen.push(...page.Roles.map((role) => role.RoleName))
      marker = page.Marker
    } while (marker !== undefined)
    expect(seen).toEqual(names)
    const first = await test.call('ListRoles', { PathPrefix: '/pages/', MaxItems: 2 })
    for (const Marker of ['nonsense', `${first.Marker}A`, first.Marker!.slice(1)]) {
      await expect(test.call('ListRoles', { PathPrefix: '/pages/', Marker })).rejects.toMatchObject({
        code: 'ValidationError',
      })
    }
    await expect(test.call('ListUsers', { Marker: first.Marker })).rejects.toMatchObject({ code: 'ValidationError' })
    for (const RoleName of names) await test.call('DeleteRole', { RoleName })

    const policies: string[] = []
    do {
      const page: ListPoliciesResponse = await test.call('ListPolicies', { Scope: 'AWS', MaxItems: 2, Marker: marker })
      policies.push(...page.Policies!.map((policy) => policy.PolicyName!))
      marker = page.Marker
    } while (marker !== undefined)
    expect(policies).toEqual(
      awsManagedPolicies
        .map(({ name }) => name)
        .sort((one, other) => (one.toLowerCase() < other.toLowerCase() ? -1 : 1)),
    )
  })
})
