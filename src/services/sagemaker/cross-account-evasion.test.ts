import { describe, expect, it } from 'vitest'
import { refusal, root, testStores } from '../../../test/support/sagemaker-service.ts'
import {
  allowAll,
  arn,
  by,
  CALLER,
  everything,
  image,
  named,
  OWNER,
  owner,
  STRANGER,
  sharingAccounts,
  statement,
} from '../../../test/support/sharing-accounts.ts'
import type { Principal } from '../../access/principal.ts'

describe.each(testStores)('policies of groups on $dialect', ({ create }) => {
  const { service, group, version, put, unshare, role, dismiss, describePackage } = sharingAccounts(create)

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
