import { describe, expect, it } from 'vitest'
import { refusal, testStores } from '../../../test/support/sagemaker-service.ts'
import {
  arn,
  by,
  CALLER,
  named,
  ROOT_OF_CALLER,
  type SharingService,
  STRANGER,
  sharingAccounts,
  statement,
} from '../../../test/support/sharing-accounts.ts'
import type { Principal } from '../../access/principal.ts'

interface Call {
  readonly operation: string
  /** What the operation asks for in the owner's account. */
  readonly action: string
  readonly resource: string
  /** What the caller's own account has to allow besides. */
  readonly own?: readonly string[]
  run(service: SharingService, principal: Principal): Promise<unknown>
}

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
  const { service, put, unshare, role, dismiss } = sharingAccounts(create)

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
})
