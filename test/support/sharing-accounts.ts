import { afterAll, beforeAll } from 'vitest'
import type { Principal } from '../../src/access/principal.ts'
import { rolePrincipal } from '../../src/access/principals.ts'
import type { TestStore, testStores } from './databases.ts'
import { REGION, root, startSagemaker, type TestSagemaker } from './sagemaker-service.ts'

/** The account that owns the groups, one that the policies name, and one that they do not. */
export const OWNER = '111111111111'
export const CALLER = '222222222222'
export const STRANGER = '333333333333'

export const arn = (resource: string, account = OWNER, region = REGION) =>
  `arn:aws:sagemaker:${region}:${account}:${resource}`
export const image = `${OWNER}.dkr.ecr.${REGION}.amazonaws.com/iris:1`

/** As whom a call is made. */
export const by = (principal: Principal) => ({ principal, account: principal.account })
export const owner = by(root(OWNER))

export const statement = (
  Effect: string,
  Action: string | readonly string[],
  Resource: string | readonly string[],
) => ({ Effect, Action, Resource })
export const document = (...statements: readonly object[]) =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements })
export const named = (principal: unknown, given: object) => ({ ...given, Principal: principal })
export const ROOT_OF_CALLER = { AWS: `arn:aws:iam::${CALLER}:root` }
export const everything = [statement('Allow', '*', '*')]
/** What a policy says that lets the caller's account do all with a group and its versions. */
export const allowAll = (name: string) =>
  named(
    ROOT_OF_CALLER,
    statement('Allow', 'sagemaker:*', [arn(`model-package-group/${name}`), arn(`model-package/${name}/*`)]),
  )

export type SharingService = Pick<TestSagemaker, 'call' | 'heard' | 'database'>

/**
 * SageMaker for the tests of one `describe`, with what they do in it. There is a group `Shared` of the owner's with an approved version and
 * one that is not, and a role `somebody` of the caller's account.
 */
export function sharingAccounts(create: (typeof testStores)[number]['create']) {
  let store: TestStore
  let started: TestSagemaker
  let roles = 0
  beforeAll(async () => {
    store = await create()
    started = await startSagemaker(store)
    await group('Shared')
    await version('Shared', { ModelApprovalStatus: 'Approved' })
    await version('Shared')
    await role([], CALLER, 'somebody')
  })
  afterAll(async () => {
    await started.stop()
    await store.remove()
  })
  const service: SharingService = {
    call: (...call) => started.call(...call),
    heard: () => started.heard(),
    get database() {
      return started.database
    },
  }

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
  const describePackage = (ModelPackageName: string, principal: Principal) =>
    service.call('DescribeModelPackage', { ModelPackageName }, by(principal))

  return { service, group, version, put, unshare, role, dismiss, describePackage }
}
