import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestStore } from '../../../test/support/databases.ts'
import {
  REGION,
  refusal,
  root,
  startSagemaker,
  type TestSagemaker,
  testStores,
} from '../../../test/support/sagemaker-service.ts'
import type { Principal } from '../../access/principal.ts'
import { rolePrincipal } from '../../access/principals.ts'

/** The account that owns the groups, one that the policies name, and one that they do not. */
const OWNER = '111111111111'
const CALLER = '222222222222'
const STRANGER = '333333333333'

const arn = (resource: string, account = OWNER, region = REGION) => `arn:aws:sagemaker:${region}:${account}:${resource}`
const image = `${OWNER}.dkr.ecr.${REGION}.amazonaws.com/iris:1`

type Service = TestSagemaker
interface Call {
  readonly operation: string
  /** What the operation asks for in the owner's account. */
  readonly action: string
  readonly resource: string
  /** What the caller's own account has to allow besides. */
  readonly own?: readonly string[]
  run(service: Service, principal: Principal): Promise<unknown>
}

const by = (principal: Principal) => ({ principal, account: principal.account })
let made = 0

/** Every operation that takes a group or a version of another account. */
const CALLS: readonly Call[] = [
  {
    operation: 'DescribeModelPackageGroup',
    action: 'sagemaker:DescribeModelPackageGroup',
    resource: arn('model-package-group/shared'),
    run: (service, principal) =>
      service.call(
        'DescribeModelPackageGroup',
        { ModelPackageGroupName: arn('model-package-group/shared') },
        by(principal),
      ),
  },
  {
    operation: 'CreateModelPackage',
    action: 'sagemaker:CreateModelPackage',
    resource: arn('model-package/shared/*'),
    run: (service, principal) =>
      service.call('CreateModelPackage', { ModelPackageGroupName: arn('model-package-group/shared') }, by(principal)),
  },
  {
    operation: 'DescribeModelPackage',
    action: 'sagemaker:DescribeModelPackage',
    resource: arn('model-package/shared/1'),
    run: (service, principal) =>
      service.call('DescribeModelPackage', { ModelPackageName: arn('model-package/shared/1') }, by(principal)),
  },
  {
    operation: 'ListModelPackages',
    action: 'sagemaker:ListModelPackages',
    resource: arn('model-package/shared/*'),
    run: (service, principal) =>
      service.call('ListModelPackages', { ModelPackageGroupName: arn('model-package-group/shared') }, by(principal)),
  },
  {
    operation: 'UpdateModelPackage',
    action: 'sagemaker:UpdateModelPackage',
    resource: arn('model-package/shared/1'),
    run: (service, principal) =>
      service.call(
        'UpdateModelPackage',
        { ModelPackageArn: arn('model-package/shared/1'), ModelApprovalStatus: 'Approved' },
        by(principal),
      ),
  },
  {
    operation: 'CreateModel',
    action: 'sagemaker:CreateModel',
    resource: arn('model-package/shared/1'),
    own: ['sagemaker:CreateModel'],
    run: (service, principal) =>
      service.call(
        'CreateModel',
        {
          ModelName: `model-${++made}`,
          Containers: [{ ModelPackageName: arn('model-package/shared/1') }],
        },
        by(principal),
      ),
  },
  {
    operation: 'DeleteModelPackage',
    action: 'sagemaker:DeleteModelPackage',
    resource: arn('model-package/shared/2'),
    run: async (service, principal) => {
      try {
        await service.call('DeleteModelPackage', { ModelPackageName: arn('model-package/shared/2') }, by(principal))
      } catch (error) {
        // Another row of the table has deleted it.
        if (!String(error).includes('does not exist')) throw error
      }
    },
  },
  {
    operation: 'ListTags',
    action: 'sagemaker:ListTags',
    resource: arn('model-package-group/shared'),
    run: (service, principal) =>
      service.call('ListTags', { ResourceArn: arn('model-package-group/shared') }, by(principal)),
  },
  {
    operation: 'AddTags',
    action: 'sagemaker:AddTags',
    resource: arn('model-package-group/shared'),
    run: (service, principal) =>
      service.call(
        'AddTags',
        { ResourceArn: arn('model-package-group/shared'), Tags: [{ Key: 'seen', Value: 'yes' }] },
        by(principal),
      ),
  },
]

const statement = (Effect: string, Action: string | readonly string[], Resource: string | readonly string[]) => ({
  Effect,
  Action,
  Resource,
})
const document = (...statements: readonly object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements })
const named = (principal: unknown, given: object) => ({ ...given, Principal: principal })
const ROOT_OF_CALLER = { AWS: `arn:aws:iam::${CALLER}:root` }

/** Who has said what, and what comes of it: nothing, or the reason that the refusal names. */
const TABLE: readonly {
  readonly case: string
  readonly identity: (call: Call) => readonly object[]
  readonly policy: (call: Call) => readonly object[]
  readonly refusal?: string
}[] = [
  {
    case: 'both sides allow',
    identity: ({ action, resource }) => [statement('Allow', action, resource)],
    policy: ({ action, resource }) => [named(ROOT_OF_CALLER, statement('Allow', action, resource))],
  },
  {
    case: 'the policy names everyone',
    identity: () => [statement('Allow', 'sagemaker:*', '*')],
    policy: ({ action, resource }) => [named('*', statement('Allow', action, resource))],
  },
  {
    case: 'the policy names the role',
    identity: () => [statement('Allow', '*', '*')],
    policy: ({ action, resource }) => [
      named({ AWS: `arn:aws:iam::${CALLER}:role/caller-2` }, statement('Allow', action, resource)),
    ],
  },
  {
    case: 'the policy names another role',
    identity: () => [statement('Allow', '*', '*')],
    policy: ({ action, resource }) => [
      named({ AWS: `arn:aws:iam::${CALLER}:role/somebody` }, statement('Allow', action, resource)),
    ],
    refusal: 'because no resource-based policy allows the ACTION action',
  },
  {
    case: 'the identity side is missing',
    identity: () => [],
    policy: ({ action, resource }) => [named(ROOT_OF_CALLER, statement('Allow', action, resource))],
    refusal: 'because no identity-based policy allows the ACTION action',
  },
  {
    case: 'the identity side is about the account’s own resources',
    identity: ({ action }) => [statement('Allow', action, arn('*', CALLER))],
    policy: ({ action, resource }) => [named(ROOT_OF_CALLER, statement('Allow', action, resource))],
    refusal: 'because no identity-based policy allows the ACTION action',
  },
  {
    case: 'the resource side is missing',
    identity: () => [statement('Allow', '*', '*')],
    policy: () => [],
    refusal: 'because no resource-based policy allows the ACTION action',
  },
  {
    case: 'the policy names another account',
    identity: () => [statement('Allow', '*', '*')],
    policy: ({ action, resource }) => [named({ AWS: STRANGER }, statement('Allow', action, resource))],
    refusal: 'because no resource-based policy allows the ACTION action',
  },
  {
    case: 'the policy allows another action',
    identity: () => [statement('Allow', '*', '*')],
    policy: ({ resource }) => [
      named(ROOT_OF_CALLER, statement('Allow', 'sagemaker:BatchDescribeModelPackage', resource)),
    ],
    refusal: 'because no resource-based policy allows the ACTION action',
  },
  {
    case: 'the policy denies what it also allows',
    identity: () => [statement('Allow', '*', '*')],
    policy: ({ action, resource }) => [
      named(ROOT_OF_CALLER, statement('Allow', 'sagemaker:*', resource)),
      named('*', statement('Deny', action, resource)),
    ],
    refusal: 'with an explicit deny in a resource-based policy',
  },
  {
    case: 'the identity denies what it also allows',
    identity: ({ action, resource }) => [statement('Allow', '*', '*'), statement('Deny', action, resource)],
    policy: ({ resource }) => [named(ROOT_OF_CALLER, statement('Allow', 'sagemaker:*', resource))],
    refusal: 'with an explicit deny in an identity-based policy',
  },
]

describe.each(testStores)('across accounts on $dialect', ({ create }) => {
  let store: TestStore
  let service: Service
  let roles = 0
  beforeAll(async () => {
    store = await create()
    service = await startSagemaker(store)
    await group('Shared')
    await version('Shared', { ModelApprovalStatus: 'Approved' })
    await version('Shared')
    await role([], CALLER, 'somebody')
  })
  afterAll(async () => {
    await service.stop()
    await store.remove()
  })

  const owner = by(root(OWNER))
  const group = (ModelPackageGroupName: string) =>
    service.call('CreateModelPackageGroup', { ModelPackageGroupName }, owner)
  const version = async (ModelPackageGroupName: string, input = {}) =>
    (
      await service.call(
        'CreateModelPackage',
        { ModelPackageGroupName, InferenceSpecification: { Containers: [{ Image: image }] }, ...input },
        owner,
      )
    ).ModelPackageArn
  const put = async (ModelPackageGroupName: string, ...statements: readonly object[]) => {
    const input = { ModelPackageGroupName, ResourcePolicy: document(...statements) }
    await service.call('PutModelPackageGroupPolicy', input, owner)
    await service.heard()
  }
  const unshare = async (ModelPackageGroupName: string) => {
    await service.call('DeleteModelPackageGroupPolicy', { ModelPackageGroupName }, owner)
    await service.heard()
  }

  /** A session of a role of `account` with one policy of its own. */
  async function role(policy: readonly object[], account = CALLER, name = `role-${++roles}`): Promise<Principal> {
    const id = `AROA${String(++roles).padStart(17, 'X')}`
    const row = { account, name, name_key: name, path: '/', role_id: id, trust_policy: '{}', description: null }
    const more = { max_session_duration: 3600, permissions_boundary: null, tags: '[]', created_at: 0 }
    const { query } = service.database
    const own = { owner_id: id, name: 'own', document: document(...policy), size: 1 }
    await service.database.commit([
      {
        query: query
          .insertInto('iam_roles')
          .values({ ...row, ...more })
          .compile(),
      },
      { query: query.insertInto('iam_inline_policies').values(own).compile() },
    ])
    return rolePrincipal(account, { path: '/', name, id }, 'session')
  }

  const dismiss = (name: string) =>
    service.database.commit([
      { query: service.database.query.deleteFrom('iam_roles').where('name_key', '=', name).compile() },
    ])

  describe.each(CALLS)('$operation', (call) => {
    it.each(TABLE)('$case', async ({ identity, policy, refusal: reason }) => {
      const statements = policy(call)
      const own = (call.own ?? []).map((action) => statement('Allow', action, arn('*', CALLER)))
      const allowed = [...identity(call), ...own]
      const policies = allowed.length > 0 ? allowed : [statement('Allow', 'sts:GetCallerIdentity', '*')]
      const name = JSON.stringify(statements).includes('role/caller-2') ? 'caller-2' : undefined
      if (name !== undefined) await dismiss(name)
      const principal = await role(policies, CALLER, name)
      await unshare('Shared').catch(() => {})
      if (statements.length > 0) await put('Shared', ...statements)
      const done = call.run(service, principal)
      if (reason === undefined) return void (await done)
      expect(await refusal(done)).toBe(
        `AccessDeniedException: User: ${principal.arn} is not authorized to perform: ${call.action} on resource: ` +
          `${call.resource} ${reason.replace('ACTION', call.action)}`,
      )
    })
  })

  const everything = [statement('Allow', '*', '*')]
  const describePackage = (ModelPackageName: string, principal: Principal) =>
    service.call('DescribeModelPackage', { ModelPackageName }, by(principal))
  const allowAll = (name: string) =>
    named(
      ROOT_OF_CALLER,
      statement('Allow', 'sagemaker:*', [arn(`model-package-group/${name}`), arn(`model-package/${name}/*`)]),
    )

  describe('what is made', () => {
    it('belongs to the owner of the group, and says who made it', async () => {
      await group('Made')
      await put('Made', allowAll('made'))
      const principal = await role(everything)
      const context = by(principal)
      const input = { ModelPackageGroupName: arn('model-package-group/MADE') }
      const { ModelPackageArn } = await service.call('CreateModelPackage', input, context)
      expect(ModelPackageArn).toBe(arn('model-package/made/1'))
      const own = await service.call('DescribeModelPackage', { ModelPackageName: 'Made/1' }, owner)
      expect(own).toMatchObject({
        ModelPackageArn,
        CreatedBy: { IamIdentity: { Arn: principal.arn, PrincipalId: principal.userId } },
      })
      expect(await describePackage(ModelPackageArn, principal)).toEqual(own)
      expect(await service.call('ListModelPackages', input, context)).toMatchObject({
        ModelPackageSummaryList: [{ ModelPackageArn }],
      })
      expect(await service.call('ListModelPackageGroups', {}, context)).toEqual({ ModelPackageGroupSummaryList: [] })
    })

    it('with a client token is made once for each caller', async () => {
      await group('Token')
      await put('Token', named('*', statement('Allow', 'sagemaker:*', arn('model-package/token/*'))))
      const [one, other] = await Promise.all([role(everything), role(everything, STRANGER)])
      const create = (principal: Principal) =>
        service.call(
          'CreateModelPackage',
          { ModelPackageGroupName: arn('model-package-group/token'), ClientToken: 'once' },
          by(principal),
        )
      const both = await Promise.all([create(one), create(one), create(other)])
      const [first, again, theirs] = both.map(({ ModelPackageArn }) => ModelPackageArn)
      expect(again).toBe(first)
      expect(theirs).not.toBe(first)
      const approve = (ModelApprovalStatus: 'Approved' | 'Rejected', principal: Principal) =>
        service.call(
          'UpdateModelPackage',
          { ModelPackageArn: first as string, ModelApprovalStatus, ClientToken: 'once' },
          by(principal),
        )
      await approve('Approved', one)
      await approve('Rejected', other)
      await approve('Approved', one)
      expect(await describePackage(first as string, one)).toMatchObject({ ModelApprovalStatus: 'Rejected' })
    })

    it('from a version of another account is a model of the caller’s', async () => {
      await group('Source')
      const version1 = await version('Source', { ModelApprovalStatus: 'Approved' })
      await put('Source', allowAll('source'))
      const context = by(await role(everything))
      const made = await service.call(
        'CreateModel',
        { ModelName: 'Theirs', Containers: [{ ModelPackageName: version1 as string }] },
        context,
      )
      expect(made.ModelArn).toBe(arn('model/theirs', CALLER))
      expect(await service.call('DescribeModel', { ModelName: 'Theirs' }, context)).toMatchObject({
        Containers: [{ Image: image, ModelPackageName: version1 }],
      })
      expect(await service.call('ListModels', {}, owner)).toEqual({ Models: [] })
    })

    it('is a copy of a source only for those who may describe the source', async () => {
      await group('Copied')
      const version1 = await version('Copied')
      const context = by(await role(everything))
      await service.call('CreateModelPackageGroup', { ModelPackageGroupName: 'Copies' }, context)
      const copy = () =>
        service.call('CreateModelPackage', { ModelPackageGroupName: 'Copies', SourceUri: version1 }, context)
      expect(await refusal(copy())).toContain(
        `sagemaker:DescribeModelPackage on resource: ${version1} because no resource-based policy allows`,
      )
      await put('Copied', allowAll('copied'))
      const { ModelPackageArn } = await copy()
      expect(await service.call('DescribeModelPackage', { ModelPackageName: ModelPackageArn }, context)).toMatchObject({
        InferenceSpecification: { Containers: [{ Image: image }] },
      })
    })
  })

  it('many packages are described at once, and each that may not be is told apart', async () => {
    await group('Batch')
    const versions = [await version('Batch'), await version('Batch')] as string[]
    await put(
      'Batch',
      named(ROOT_OF_CALLER, statement('Allow', 'sagemaker:BatchDescribeModelPackage', versions[0] as string)),
    )
    const principal = await role(everything)
    await service.call('CreateModelPackageGroup', { ModelPackageGroupName: 'Batch' }, by(principal))
    await service.call('CreateModelPackage', { ModelPackageGroupName: 'Batch' }, by(principal))
    const mine = arn('model-package/batch/1', CALLER)
    const missing = arn('model-package/batch/2', CALLER)
    const list = [...versions, mine, missing, arn('model/x')]
    const result = await service.call('BatchDescribeModelPackage', { ModelPackageArnList: list }, by(principal))
    expect(Object.keys(result.ModelPackageSummaries ?? {})).toEqual([versions[0], mine])
    expect(result.ModelPackageSummaries?.[mine]?.ModelPackageArn).toBe(mine)
    expect(result.BatchDescribeModelPackageErrorMap).toEqual({
      [versions[1] as string]: {
        ErrorCode: 'AccessDeniedException',
        ErrorResponse:
          `User: ${principal.arn} is not authorized to perform: sagemaker:BatchDescribeModelPackage on resource: ` +
          `${versions[1]} because no resource-based policy allows the sagemaker:BatchDescribeModelPackage action`,
      },
      [missing]: { ErrorCode: 'ValidationException', ErrorResponse: `ModelPackage ${missing} does not exist.` },
      [arn('model/x')]: {
        ErrorCode: 'ValidationException',
        ErrorResponse: `"${arn('model/x')}" is not the ARN of a model package.`,
      },
    })
  })

  describe('groups that others share', () => {
    it('are listed with CrossAccount, page by page, and only to whom both sides let see them', async () => {
      const shared = ['List-a', 'List-b', 'List-c', 'List-d', 'List-e']
      for (const name of shared) {
        await group(name)
        const key = name.toLowerCase()
        // Either of the two actions is enough.
        const [action, resource] =
          name < 'List-c'
            ? ['DescribeModelPackageGroup', `model-package-group/${key}`]
            : ['ListModelPackages', `model-package/${key}/*`]
        await put(name, named(ROOT_OF_CALLER, statement('Allow', `sagemaker:${action}`, arn(resource as string))))
      }
      await group('List-hidden')
      await group('List-other')
      await put(
        'List-other',
        named({ AWS: STRANGER }, statement('Allow', 'sagemaker:*', arn('model-package-group/list-other'))),
      )
      const principal = await role(everything)
      const names = async (input: object, who = principal) => {
        const found: string[] = []
        let NextToken: string | undefined
        do {
          const page = await service.call(
            'ListModelPackageGroups',
            { CrossAccountFilterOption: 'CrossAccount', NameContains: 'list-', NextToken, ...input },
            by(who),
          )
          expect(page.ModelPackageGroupSummaryList.length).toBeGreaterThan(0)
          found.push(...page.ModelPackageGroupSummaryList.map(({ ModelPackageGroupName: name }) => name as string))
          NextToken = page.NextToken
        } while (NextToken !== undefined)
        return found
      }
      for (const MaxResults of [1, 2, 3, 5, 100]) expect(await names({ MaxResults })).toEqual(shared)
      expect(await names({ MaxResults: 2, SortBy: 'Name', SortOrder: 'Descending' })).toEqual([...shared].reverse())
      expect(await names({ NameContains: 'LIST-C' })).toEqual(['List-c'])

      const empty = { ModelPackageGroupSummaryList: [] }
      const listed = (who: Principal, input = {}) =>
        service.call('ListModelPackageGroups', { CrossAccountFilterOption: 'CrossAccount', ...input }, by(who))
      expect(await listed(await role([statement('Allow', 'sagemaker:ListModelPackageGroups', '*')]))).toEqual(empty)
      const limited = await role([
        statement('Allow', 'sagemaker:ListModelPackageGroups', '*'),
        statement('Allow', 'sagemaker:Describe*', arn('model-package-group/list-a')),
      ])
      expect((await listed(limited)).ModelPackageGroupSummaryList).toMatchObject([{ ModelPackageGroupName: 'List-a' }])
      const own = await service.call('ListModelPackageGroups', { CrossAccountFilterOption: 'SameAccount' }, by(limited))
      expect(own.ModelPackageGroupSummaryList.map(({ ModelPackageGroupName: name }) => name)).not.toContain('List-a')
    })
  })

  describe('policies', () => {
    const get = (ModelPackageGroupName: string) =>
      service.call('GetModelPackageGroupPolicy', { ModelPackageGroupName }, owner)

    it('are one a group: read back letter for letter, replaced, and removed', async () => {
      await group('Policies')
      const missing = `ValidationException: Cannot find resource policy for: ${arn('model-package-group/policies')}`
      expect(await refusal(get('Policies'))).toBe(missing)
      expect(await refusal(unshare('Policies'))).toBe(missing)
      const text = `{ "Statement": [ ${JSON.stringify(allowAll('policies'))} ], "Version": "2012-10-17" }`
      const first = { ModelPackageGroupName: 'Policies', ResourcePolicy: text }
      expect(await service.call('PutModelPackageGroupPolicy', first, owner)).toEqual({
        ModelPackageGroupArn: arn('model-package-group/policies'),
      })
      expect(await get('Policies')).toEqual({ ResourcePolicy: text })
      const other = named({ AWS: STRANGER }, statement('Allow', 'sagemaker:*', arn('model-package/policies/*')))
      await put('Policies', other)
      expect(await get('Policies')).toEqual({ ResourcePolicy: document(other) })
      await unshare('Policies')
      expect(await refusal(get('Policies'))).toBe(missing)
    })

    it('are of groups that exist, named as they were created', async () => {
      const nobody = `ValidationException: Cannot find Model Package Group: ${arn('model-package-group/nobody')}`
      expect(await refusal(get('Nobody'))).toBe(nobody)
      expect(await refusal(put('Nobody', allowAll('nobody')))).toBe(nobody)
      expect(await refusal(unshare('Nobody'))).toBe(nobody)
      await group('Cased')
      expect(await refusal(put('cased', allowAll('cased')))).toContain('Please check the capitalization')
    })

    it('take an owner to put, read and remove, whoever they let in', async () => {
      await group('Owned')
      await put('Owned', allowAll('owned'))
      const context = by(await role(everything))
      const name = { ModelPackageGroupName: 'Owned' }
      const mine = `ValidationException: Cannot find Model Package Group: ${arn('model-package-group/owned', CALLER)}`
      expect(await refusal(service.call('GetModelPackageGroupPolicy', name, context))).toBe(mine)
      expect(await refusal(service.call('DeleteModelPackageGroupPolicy', name, context))).toBe(mine)
      const put1 = { ...name, ResourcePolicy: document(allowAll('owned')) }
      expect(await refusal(service.call('PutModelPackageGroupPolicy', put1, context))).toBe(mine)
    })

    it.each([
      ['no JSON', '{', 'Syntax error at position (1,2)'],
      ['no object', '[]', 'Syntax error at position (1,1)'],
      ['no statements', '{"Version":"2012-10-17"}', 'Missing required field Statement'],
      [
        'no principal',
        document(statement('Allow', 'sagemaker:*', arn('model-package/broken/*'))),
        'Missing required field Principal',
      ],
      [
        'another service’s action',
        document(named('*', statement('Allow', 's3:*', arn('model-package/broken/*')))),
        'Policy has invalid action',
      ],
      [
        'an unknown effect',
        document(named('*', statement('Perhaps', 'sagemaker:*', arn('model-package/broken/*')))),
        'Invalid effect: Perhaps',
      ],
      [
        'a principal that is none',
        document(named({ AWS: 'everybody' }, statement('Allow', 'sagemaker:*', arn('model-package/broken/*')))),
        'Invalid principal in policy',
      ],
      ...[
        '*',
        arn('model-package-group/other'),
        arn('model-package/other/*'),
        arn('model-package-group/broken', CALLER),
        arn('model-package-group/broken', OWNER, 'eu-west-1'),
        arn('model-package/broken'),
        arn('model-package/broken/*/x'),
        arn('model-package/broken-2/*'),
        arn('endpoint/broken'),
        'arn:aws:s3:::broken/*',
      ].map((resource) => [
        resource,
        document(named('*', statement('Allow', 'sagemaker:*', resource))),
        'Policy has invalid resource',
      ]),
    ] as [string, string, string][])('are refused with %s', async (_, ResourcePolicy, message) => {
      await group('Broken').catch(() => {})
      const refused = await refusal(
        service.call('PutModelPackageGroupPolicy', { ModelPackageGroupName: 'Broken', ResourcePolicy }, owner),
      )
      expect(refused).toMatch(/^ValidationException: .* at position \(\d+,\d+\)$/)
      expect(refused).toContain(message)
      expect(await refusal(get('Broken'))).toContain('Cannot find resource policy')
    })

    it.each([
      arn('model-package-group/fitting'),
      arn('model-package/fitting/*'),
      arn('model-package/fitting/2'),
      arn('model-package/fitting/1?'),
      arn('model-package/Fitting/*'),
      arn('model-package*/fitting*'),
      `arn:aws:sagemaker:*:${OWNER}:model-package/fitting/*`,
    ])('are about the group and its versions: %s', async (resource) => {
      await group('Fitting').catch(() => {})
      await put('Fitting', named('*', statement('Allow', 'sagemaker:*', resource)))
    })

    it('are gone with their group', async () => {
      const principal = await role(everything)
      await group('Again')
      await put('Again', allowAll('again'))
      const look = () =>
        service.call(
          'DescribeModelPackageGroup',
          { ModelPackageGroupName: arn('model-package-group/again') },
          by(principal),
        )
      await look()
      await service.call('DeleteModelPackageGroup', { ModelPackageGroupName: 'Again' }, owner)
      await service.heard()
      await group('Again')
      expect(await refusal(look())).toContain('because no resource-based policy allows')
      expect(await refusal(get('Again'))).toContain('Cannot find resource policy')
    })

    it('act as soon as they are put, and until they are taken away', async () => {
      const principal = await role(everything)
      await group('Soon')
      await version('Soon')
      const look = () => describePackage(arn('model-package/soon/1'), principal)
      for (let round = 0; round < 3; round++) {
        expect(await refusal(look())).toContain('no resource-based policy')
        await put('Soon', allowAll('soon'))
        await look()
        await unshare('Soon')
      }
    })
  })

  describe('nobody gets round a policy', () => {
    it('by another spelling of what it denies', async () => {
      await group('Spelled')
      await version('Spelled')
      const denied = [arn('model-package/Spelled/1')]
      await put('Spelled', allowAll('spelled'), named('*', statement('Deny', 'sagemaker:*', denied)))
      const principal = await role(everything)
      const spellings = ['spelled/1', 'SPELLED/1', 'Spelled/01', 'sPELLED/0001', 'spelled/000000001']
      for (const spelling of spellings) {
        for (const call of [
          describePackage(arn(`model-package/${spelling}`), principal),
          service.call('UpdateModelPackage', { ModelPackageArn: arn(`model-package/${spelling}`) }, by(principal)),
          service.call(
            'CreateModel',
            { ModelName: 'x', Containers: [{ ModelPackageName: arn(`model-package/${spelling}`) }] },
            by(principal),
          ),
        ]) {
          expect(await refusal(call)).toMatch(/AccessDeniedException: .*spelled\/1 with an explicit deny in a resource/)
        }
      }
      for (const spelling of ['spelled/1/', 'spelled/1/2', 'spelled/0', 'spelled/1e0', 'spelled//1', 'spelled/*']) {
        const update = { ModelPackageArn: arn(`model-package/${spelling}`) }
        expect(await refusal(service.call('UpdateModelPackage', update, by(principal)))).toContain('does not exist')
      }
    })

    it('of their own by another spelling', async () => {
      const principal = await role([
        ...everything,
        statement('Deny', 'sagemaker:*', arn('model-package/mine/1', CALLER)),
      ])
      const context = by(principal)
      await service.call('CreateModelPackageGroup', { ModelPackageGroupName: 'Mine' }, context)
      await service.call('CreateModelPackage', { ModelPackageGroupName: 'Mine' }, context)
      for (const name of ['Mine/1', 'MINE/1', 'Mine/01', arn('model-package/MINE/01', CALLER)]) {
        expect(await refusal(describePackage(name, principal))).toContain('explicit deny in an identity-based policy')
      }
    })

    it('that is about a group of the same name in another account or region', async () => {
      await group('Twin')
      await version('Twin')
      await put('Twin', allowAll('twin'))
      const principal = await role(everything)
      const stranger = by(root(STRANGER))
      await service.call('CreateModelPackageGroup', { ModelPackageGroupName: 'Twin' }, stranger)
      await service.call('CreateModelPackage', { ModelPackageGroupName: 'Twin' }, stranger)
      expect(await refusal(describePackage(arn('model-package/twin/1', STRANGER), principal))).toContain(
        'because no resource-based policy allows',
      )
      expect(await refusal(describePackage(arn('model-package/twin/1', OWNER, 'eu-west-1'), principal))).toContain(
        'because no resource-based policy allows',
      )
      await describePackage(arn('model-package/twin/1'), principal)
      // A plain name is the caller's own, whatever else is called so.
      expect(await refusal(describePackage('Twin/1', principal))).toBe(
        `ValidationException: ModelPackage ${arn('model-package/twin/1', CALLER)} does not exist.`,
      )
    })

    it('to find out what exists', async () => {
      const principal = await role(everything)
      for (const name of ['shared', 'never-made']) {
        await unshare('Shared').catch(() => {})
        const call = service.call(
          'DescribeModelPackageGroup',
          { ModelPackageGroupName: arn(`model-package-group/${name}`) },
          by(principal),
        )
        expect(await refusal(call)).toContain('because no resource-based policy allows')
      }
    })

    it('by a name that nobody has, or nobody has any more', async () => {
      await group('Ghost')
      const ghost = `arn:aws:iam::${CALLER}:role/ghost`
      const policy = named({ AWS: ghost }, statement('Allow', 'sagemaker:*', arn('model-package-group/ghost')))
      const missing = `ValidationException: Invalid principal in policy: "AWS":"${ghost}" does not exist.`
      expect(await refusal(put('Ghost', policy))).toBe(missing)
      const was = await role(everything, CALLER, 'ghost')
      await put('Ghost', policy)
      await dismiss('ghost')
      await service.heard()
      const look = (principal: Principal) =>
        service.call(
          'DescribeModelPackageGroup',
          { ModelPackageGroupName: arn('model-package-group/ghost') },
          by(principal),
        )
      expect(await refusal(look(was))).toContain('because no identity-based policy allows')
      expect(await refusal(look(await role(everything)))).toContain('because no resource-based policy allows')
      expect(await refusal(look(root(CALLER)))).toContain('because no resource-based policy allows')
      expect(await refusal(put('Ghost', policy))).toBe(missing)
    })

    it('by the root of an account that it does not name', async () => {
      await group('Rooted')
      await put('Rooted', allowAll('rooted'))
      const input = { ModelPackageGroupName: arn('model-package-group/rooted') }
      await service.call('DescribeModelPackageGroup', input, by(root(CALLER)))
      expect(await refusal(service.call('DescribeModelPackageGroup', input, by(root(STRANGER))))).toContain(
        'because no resource-based policy allows',
      )
    })
  })

  describe('conditions on tags', () => {
    const tagged = (value: string) => ({ Condition: { StringEquals: { 'aws:ResourceTag/stage': value } } })
    const tag = async (ResourceArn: string, Value: string) => {
      await service.call('AddTags', { ResourceArn, Tags: [{ Key: 'stage', Value }] }, owner)
      await service.heard()
    }

    it('see the tags of a group, also for its versions, as they are now', async () => {
      const ARN = arn('model-package-group/tagged')
      await group('Tagged')
      await version('Tagged')
      await put('Tagged', { ...allowAll('tagged'), ...tagged('prod') })
      const principal = await role(everything)
      const look = () => describePackage(arn('model-package/tagged/1'), principal)
      expect(await refusal(look())).toContain('no resource-based policy')
      await tag(ARN, 'prod')
      await look()
      await tag(ARN, 'test')
      expect(await refusal(look())).toContain('no resource-based policy')
      await tag(ARN, 'prod')
      await look()
      await service.call('DeleteTags', { ResourceArn: ARN, TagKeys: ['stage'] }, owner)
      await service.heard()
      expect(await refusal(look())).toContain('no resource-based policy')
    })

    it('see those of models, configs and endpoints', async () => {
      const principal = await role([{ ...statement('Allow', 'sagemaker:Describe*', '*'), ...tagged('prod') }], OWNER)
      const Tags = [{ Key: 'stage', Value: 'prod' }]
      const variant = { VariantName: 'A', InstanceType: 'ml.m5.large' as const, InitialInstanceCount: 1 }
      await service.call('CreateModel', { ModelName: 'T', PrimaryContainer: { Image: image }, Tags }, owner)
      await service.call(
        'CreateEndpointConfig',
        { EndpointConfigName: 'T', ProductionVariants: [{ ...variant, ModelName: 'T' }], Tags },
        owner,
      )
      await service.call('CreateEndpoint', { EndpointName: 'T', EndpointConfigName: 'T' }, owner)
      await service.call('DescribeModel', { ModelName: 'T' }, by(principal))
      await service.call('DescribeEndpointConfig', { EndpointConfigName: 'T' }, by(principal))
      const look = () => service.call('DescribeEndpoint', { EndpointName: 'T' }, by(principal))
      expect(await refusal(look())).toContain('no identity-based policy')
      await tag(arn('endpoint/t'), 'prod')
      await look()
    })
  })
})
