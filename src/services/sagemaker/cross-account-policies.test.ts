import { describe, expect, it } from 'vitest'
import { refusal, testStores } from '../../../test/support/sagemaker-service.ts'
import {
  allowAll,
  arn,
  by,
  CALLER,
  document,
  everything,
  named,
  OWNER,
  owner,
  STRANGER,
  sharingAccounts,
  statement,
} from '../../../test/support/sharing-accounts.ts'

describe.each(testStores)('policies of groups on $dialect', ({ create }) => {
  const { service, group, version, put, unshare, role, describePackage } = sharingAccounts(create)

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
})
