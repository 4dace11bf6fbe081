import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestStore } from '../../../../test/support/databases.ts'
import {
  ACCOUNT,
  ECR_IMAGE,
  REGION,
  refusal,
  root,
  startSagemaker,
  type TestSagemaker,
  testStores,
} from '../../../../test/support/sagemaker-service.ts'

const ARN = `arn:aws:sagemaker:${REGION}:${ACCOUNT}`
const specification = { Containers: [{ Image: ECR_IMAGE, ModelDataUrl: 's3://models/iris.tar.gz' }] }
const lists = {
  SupportedTransformInstanceTypes: ['ml.m5.large' as const],
  SupportedRealtimeInferenceInstanceTypes: ['ml.m5.large' as const],
}

describe.each(testStores)('model packages on $dialect', ({ create }) => {
  let store: TestStore
  let service: TestSagemaker
  beforeAll(async () => {
    store = await create()
    service = await startSagemaker(store)
  })
  afterAll(async () => {
    await service.stop()
    await store.remove()
  })

  const group = async (name: string) =>
    (await service.call('CreateModelPackageGroup', { ModelPackageGroupName: name })).ModelPackageGroupArn
  const version = async (groupName: string, input = {}) =>
    (
      await service.call('CreateModelPackage', {
        ModelPackageGroupName: groupName,
        InferenceSpecification: specification,
        ...input,
      })
    ).ModelPackageArn
  const describePackage = (name: string) => service.call('DescribeModelPackage', { ModelPackageName: name })

  describe('groups', () => {
    it('are created, described and deleted, by name and by ARN in any case', async () => {
      const arn = await group('Flowers')
      expect(arn).toBe(`${ARN}:model-package-group/flowers`)
      const byName = await service.call('DescribeModelPackageGroup', { ModelPackageGroupName: 'Flowers' })
      expect(byName).toMatchObject({
        ModelPackageGroupName: 'Flowers',
        ModelPackageGroupArn: arn,
        ModelPackageGroupStatus: 'Completed',
        CreatedBy: { IamIdentity: { Arn: `arn:aws:iam::${ACCOUNT}:root`, PrincipalId: ACCOUNT } },
      })
      const byArn = { ModelPackageGroupName: `${ARN}:model-package-group/FLOWERS` }
      expect(await service.call('DescribeModelPackageGroup', byArn)).toEqual(byName)
      await service.call('DeleteModelPackageGroup', byArn)
      expect(await refusal(service.call('DescribeModelPackageGroup', byArn))).toBe(
        `ValidationException: ModelPackageGroup ${arn} does not exist.`,
      )
    })

    it('have names that are unique without regard to case; of two creations one wins', async () => {
      const both = await Promise.allSettled([group('race'), group('RACE'), group('Race')])
      expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      for (const result of both) {
        if (result.status === 'rejected') {
          expect(result.reason).toMatchObject({
            code: 'ValidationException',
            message: `Model Package Group already exists: ${ARN}:model-package-group/race`,
          })
        }
      }
    })

    it('are not deleted while they hold versions', async () => {
      const arn = await group('held')
      await version('held')
      expect(await refusal(service.call('DeleteModelPackageGroup', { ModelPackageGroupName: 'held' }))).toBe(
        `ConflictException: ModelPackageGroup ${arn} cannot be deleted because it still contains model packages.`,
      )
      await service.call('DeleteModelPackage', { ModelPackageName: 'held/1' })
      await service.call('DeleteModelPackageGroup', { ModelPackageGroupName: 'held' })
    })

    it('of other accounts are denied, of other regions do not exist', async () => {
      const foreign = `arn:aws:sagemaker:${REGION}:999999999999:model-package-group/x`
      expect(await refusal(service.call('DescribeModelPackageGroup', { ModelPackageGroupName: foreign }))).toBe(
        `AccessDeniedException: User: arn:aws:iam::${ACCOUNT}:root is not authorized to perform: ` +
          `sagemaker:DescribeModelPackageGroup on resource: ${foreign} because no resource-based policy allows the ` +
          'sagemaker:DescribeModelPackageGroup action',
      )
      const elsewhere = `arn:aws:sagemaker:eu-west-1:${ACCOUNT}:model-package-group/race`
      expect(await refusal(service.call('DescribeModelPackageGroup', { ModelPackageGroupName: elsewhere }))).toBe(
        `ValidationException: ModelPackageGroup ${elsewhere} does not exist.`,
      )
    })
  })

  describe('versions', () => {
    it('count from 1, and numbers are not used again', async () => {
      await group('Count')
      expect(await version('Count')).toBe(`${ARN}:model-package/count/1`)
      expect(await version(`${ARN}:model-package-group/count`)).toBe(`${ARN}:model-package/count/2`)
      await service.call('DeleteModelPackage', { ModelPackageName: `${ARN}:model-package/COUNT/2` })
      expect(await version('Count')).toBe(`${ARN}:model-package/count/3`)
      expect(await refusal(describePackage('Count/2'))).toBe(
        `ValidationException: ModelPackage ${ARN}:model-package/count/2 does not exist.`,
      )
    })

    it('created at the same moment get different numbers', async () => {
      await group('Crowd')
      const arns = await Promise.all(Array.from({ length: 20 }, () => version('Crowd')))
      expect(new Set(arns).size).toBe(20)
    })

    it('are described with all that was given and none that was not', async () => {
      await group('Whole')
      await version('Whole', {
        ModelPackageDescription: 'd',
        CustomerMetadataProperties: { team: 'a' },
        ModelLifeCycle: { Stage: 'Development', StageStatus: 'Approved' },
        Domain: 'COMPUTER_VISION',
      })
      const described = await describePackage('Whole/1')
      expect(described).toMatchObject({
        ModelPackageGroupName: 'Whole',
        ModelPackageVersion: 1,
        ModelPackageArn: `${ARN}:model-package/whole/1`,
        ModelPackageDescription: 'd',
        ModelPackageStatus: 'Completed',
        ModelPackageStatusDetails: { ValidationStatuses: [], ImageScanStatuses: [] },
        ModelApprovalStatus: 'PendingManualApproval',
        ModelPackageRegistrationType: 'Registered',
        InferenceSpecification: specification,
        CustomerMetadataProperties: { team: 'a' },
        ModelLifeCycle: { Stage: 'Development', StageStatus: 'Approved' },
        Domain: 'COMPUTER_VISION',
        CreatedBy: { IamIdentity: { PrincipalId: ACCOUNT } },
      })
      expect(described.ModelPackageName).toBeUndefined()
      expect(JSON.stringify(described)).not.toContain('null')
    })

    it('with a model card are described with its metadata alone when asked', async () => {
      await group('Card')
      const content = JSON.stringify({
        model_overview: { model_id: 'm', model_description: 'secret' },
        intended_uses: { risk_rating: 'Low', purpose_of_model: 'secret' },
        evaluation_details: [{ name: 'secret' }],
      })
      await version('Card', { ModelCard: { ModelCardContent: content, ModelCardStatus: 'Draft' } })
      const metadata = await service.call('DescribeModelPackage', {
        ModelPackageName: 'Card/1',
        IncludedData: 'MetadataOnly',
      })
      expect(metadata).toMatchObject({ InferenceSpecification: specification, ModelCard: { ModelCardStatus: 'Draft' } })
      expect(JSON.parse(metadata.ModelCard?.ModelCardContent ?? '')).toEqual({
        model_overview: { model_id: 'm' },
        intended_uses: { risk_rating: 'Low' },
      })
      expect((await describePackage('Card/1')).ModelCard?.ModelCardContent).toBe(content)
      const other = service.call('DescribeModelPackage', { ModelPackageName: 'Card/1', IncludedData: 'Some' })
      expect(await refusal(other)).toContain('enum value set: [AllData, MetadataOnly]')
    })

    it('names must be written as they were made', async () => {
      await group('Cased')
      await version('Cased')
      expect(await refusal(describePackage('cased/1'))).toBe(
        'ValidationException: The requested resource was not found. Please check the capitalization of the requested resource.',
      )
    })

    it('a repeated request with the same token makes one version; another request with it conflicts', async () => {
      await group('Token')
      const made = await Promise.all([
        version('Token', { ClientToken: 't-1' }),
        version('Token', { ClientToken: 't-1' }),
        version('Token', { ClientToken: 't-1' }),
      ])
      expect(new Set(made).size).toBe(1)
      expect(await version('Token', { ClientToken: 't-1' })).toBe(made[0])
      expect(await version('Token', { ClientToken: 't-2' })).toBe(`${ARN}:model-package/token/2`)
      expect(await refusal(version('Token', { ClientToken: 't-1', Domain: 'other' }))).toMatch(/^ConflictException: /)
      service.now += 25 * 60 * 60 * 1000
      expect(await version('Token', { ClientToken: 't-1' })).toBe(`${ARN}:model-package/token/3`)
    })

    it.each([
      [{ ModelPackageName: 'x' }, 'ValidationException: Both ModelPackageName and ModelPackageGroupName are provided'],
      [{ ModelPackageGroupName: undefined }, 'ValidationException: Missing ARN.'],
      [{ Tags: [{ Key: 'a', Value: 'b' }] }, 'ValidationException: Tags cannot be specified'],
      [{ SourceUri: 's3://x/y' }, 'ValidationException: SourceUri and InferenceSpecification'],
      [
        { ModelPackageGroupName: 'nowhere' },
        `ValidationException: ModelPackageGroup ${ARN}:model-package-group/nowhere`,
      ],
      [
        { InferenceSpecification: { Containers: [{ Image: 'https://no/image' }] } },
        'ValidationException: "https://no/image" is not a valid image reference.',
      ],
      [
        {
          AdditionalInferenceSpecifications: [
            { Name: 'a', ...specification },
            { Name: 'a', ...specification },
          ],
        },
        'ValidationException: AdditionalInferenceSpecifications contains the name "a" more than once.',
      ],
      [
        { ValidationSpecification: { ValidationRole: 'r', ValidationProfiles: [{}] } },
        'NotImplemented: ValidationSpecification is not implemented by Slipway.',
      ],
      [{ SourceAlgorithmSpecification: { SourceAlgorithms: [] } }, 'NotImplemented: SourceAlgorithmSpecification'],
    ])('are refused with %j', async (input, message) => {
      await group('refused').catch(() => undefined)
      expect(await refusal(version('refused', input))).toContain(message)
    })

    it('take over the specification of the version or model they are made from', async () => {
      await group('Clones')
      const original = await version('Clones')
      await version('Clones', { InferenceSpecification: undefined, SourceUri: original })
      expect((await describePackage('Clones/2')).InferenceSpecification).toEqual(specification)
      const { ModelArn: model } = await service.call('CreateModel', {
        ModelName: 'source',
        PrimaryContainer: { Image: ECR_IMAGE, Environment: { A: '1' } },
      })
      await version('Clones', { InferenceSpecification: undefined, SourceUri: model })
      expect((await describePackage('Clones/3')).InferenceSpecification).toEqual({
        Containers: [{ Image: ECR_IMAGE, Environment: { A: '1' } }],
      })
      await version('Clones', { InferenceSpecification: undefined, SourceUri: 'https://mlflow.example/run/1' })
      expect(await describePackage('Clones/4')).toMatchObject({ SourceUri: 'https://mlflow.example/run/1' })
      const missing = `${ARN}:model-package/clones/99`
      expect(await refusal(version('Clones', { InferenceSpecification: undefined, SourceUri: missing }))).toBe(
        `ValidationException: ModelPackage ${missing} does not exist.`,
      )
    })
  })

  describe('unversioned packages', () => {
    const create = (input = {}) =>
      service.call('CreateModelPackage', {
        ModelPackageName: 'Product',
        InferenceSpecification: { ...specification, ...lists },
        ...input,
      })

    it('have a name of their own and no approval', async () => {
      expect(await create()).toEqual({ ModelPackageArn: `${ARN}:model-package/product` })
      const described = await describePackage('Product')
      expect(described).toMatchObject({ ModelPackageName: 'Product', ModelPackageStatus: 'Completed' })
      expect(described.ModelApprovalStatus).toBeUndefined()
      expect(described.ModelPackageVersion).toBeUndefined()
      expect(await refusal(create())).toBe(
        `ValidationException: ModelPackage already exists: ${ARN}:model-package/product`,
      )
      expect(await refusal(describePackage('Product/0'))).toContain('does not exist.')
    })

    it.each([
      [{ ModelApprovalStatus: 'Approved' }, 'ModelApprovalStatus cannot be specified when using non-versioned'],
      [{ InferenceSpecification: specification }, 'InferenceSpecification.SupportedTransformInstanceTypes must be'],
      [{ InferenceSpecification: undefined }, 'InferenceSpecification must be specified'],
      [
        { InferenceSpecification: { Containers: [{ Image: ECR_IMAGE, Environment: { A: 'b' } }], ...lists } },
        '1 validation errors detected:Environment variable map cannot be specified when using non-versioned ModelPackages',
      ],
    ])('are refused with %j', async (input, message) => {
      expect(await refusal(create({ ModelPackageName: 'other', ...input }))).toContain(
        `ValidationException: ${message}`,
      )
    })

    it('are not approved', async () => {
      const update = { ModelPackageArn: `${ARN}:model-package/product`, ModelApprovalStatus: 'Approved' as const }
      expect(await refusal(service.call('UpdateModelPackage', update))).toContain('only versioned ModelPackages')
    })
  })

  describe('updates', () => {
    it('merge metadata, add specifications, replace the rest and say who', async () => {
      await group('Upd')
      const arn = await version('Upd', { CustomerMetadataProperties: { a: '1', b: '2' } })
      await service.call('UpdateModelPackage', {
        ModelPackageArn: arn
          .toUpperCase()
          .replace(/^ARN:AWS:SAGEMAKER:US-EAST-1/, `arn:aws:sagemaker:${REGION}`)
          .replace('MODEL-PACKAGE', 'model-package'),
        ModelApprovalStatus: 'Approved',
        ApprovalDescription: 'good',
        CustomerMetadataProperties: { b: '3', c: '4' },
        CustomerMetadataPropertiesToRemove: ['a', 'absent'],
        AdditionalInferenceSpecificationsToAdd: [{ Name: 'gpu', ...specification }],
      })
      expect(await describePackage('Upd/1')).toMatchObject({
        ModelApprovalStatus: 'Approved',
        ApprovalDescription: 'good',
        CustomerMetadataProperties: { b: '3', c: '4' },
        AdditionalInferenceSpecifications: [{ Name: 'gpu' }],
        LastModifiedBy: { IamIdentity: { PrincipalId: ACCOUNT } },
        LastModifiedTime: expect.any(Number),
      })
    })

    it('of one version at the same moment are all made, one after another', async () => {
      await group('Contended')
      const arn = await version('Contended')
      const keys = ['a', 'b', 'c', 'd']
      await Promise.all(
        keys.map((key) =>
          service.call('UpdateModelPackage', { ModelPackageArn: arn, CustomerMetadataProperties: { [key]: 'v' } }),
        ),
      )
      const { CustomerMetadataProperties: kept } = await describePackage('Contended/1')
      expect(Object.keys(kept ?? {}).sort()).toEqual(keys)
    })

    it('of a version whose number is written as no version’s is are refused', async () => {
      await group('Odd')
      const arn = await version('Odd')
      for (const number of ['1e0', '0x1', '1.0', ' 1', '']) {
        const odd = arn.replace(/1$/, number)
        expect(await refusal(service.call('UpdateModelPackage', { ModelPackageArn: odd }))).toMatch(/does not exist\.$/)
      }
    })

    it('do not let the totals grow over their limits', async () => {
      await group('Full')
      const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`k${index}`, 'v']))
      const arn = await version('Full', { CustomerMetadataProperties: many })
      const add = { ModelPackageArn: arn, CustomerMetadataProperties: { more: 'v' } }
      expect(await refusal(service.call('UpdateModelPackage', add))).toContain('more than 50')
      await service.call('UpdateModelPackage', { ...add, CustomerMetadataPropertiesToRemove: ['k0'] })
    })

    it('repeated with the same token happen once', async () => {
      await group('Again')
      const arn = await version('Again')
      const update = {
        ModelPackageArn: arn,
        ClientToken: 'u-1',
        AdditionalInferenceSpecificationsToAdd: [{ Name: 'gpu', ...specification }],
      }
      await service.call('UpdateModelPackage', update)
      expect(await service.call('UpdateModelPackage', update)).toEqual({ ModelPackageArn: arn })
      expect((await describePackage('Again/1')).AdditionalInferenceSpecifications).toHaveLength(1)
    })
  })

  describe('BatchDescribeModelPackage', () => {
    it('tells the ones it found from the ones it did not', async () => {
      await group('Batch')
      const arn = await version('Batch')
      const gone = `${ARN}:model-package/batch/7`
      const foreign = `arn:aws:sagemaker:${REGION}:999999999999:model-package/batch/1`
      const result = await service.call('BatchDescribeModelPackage', { ModelPackageArnList: [arn, gone, foreign] })
      expect(Object.keys(result.ModelPackageSummaries ?? {})).toEqual([arn])
      expect(result.ModelPackageSummaries?.[arn]).toMatchObject({
        ModelPackageGroupName: 'Batch',
        ModelPackageVersion: 1,
        InferenceSpecification: specification,
      })
      expect(result.BatchDescribeModelPackageErrorMap).toMatchObject({
        [gone]: { ErrorCode: 'ValidationException', ErrorResponse: `ModelPackage ${gone} does not exist.` },
        [foreign]: { ErrorCode: 'AccessDeniedException' },
      })
    })
  })

  describe('lists', () => {
    const walk = async (input: Parameters<typeof service.call<'ListModelPackages'>>[1]) => {
      const seen: (number | string | undefined)[] = []
      let token: string | undefined
      do {
        const page = await service.call('ListModelPackages', { ...input, NextToken: token })
        seen.push(...page.ModelPackageSummaryList.map((one) => one.ModelPackageVersion ?? one.ModelPackageName))
        token = page.NextToken
      } while (token !== undefined)
      return seen
    }

    it('go through all versions in order, whatever the size of the page', async () => {
      await group('Pages')
      for (let index = 0; index < 25; index++)
        await version('Pages', index % 5 === 0 ? { ModelApprovalStatus: 'Approved' } : {})
      const ascending = Array.from({ length: 25 }, (_, index) => index + 1)
      const of = { ModelPackageGroupName: 'Pages' }
      expect(await walk(of)).toEqual(ascending)
      expect(await walk({ ...of, MaxResults: 1 })).toEqual(ascending)
      expect(await walk({ ...of, MaxResults: 7, SortOrder: 'Descending' })).toEqual(ascending.toReversed())
      expect(await walk({ ...of, MaxResults: 100, SortBy: 'Name' })).toEqual(ascending)
      expect(await walk({ ...of, MaxResults: 2, ModelApprovalStatus: 'Approved' })).toEqual([1, 6, 11, 16, 21])
      expect(await walk({ ...of, NameContains: 'AGE' })).toHaveLength(25)
      expect(await walk({ ...of, NameContains: 'nothing' })).toEqual([])
      const latest = { ...of, SortBy: 'CreationTime', SortOrder: 'Descending', MaxResults: 1 } as const
      const newest = await service.call('ListModelPackages', { ...latest, ModelApprovalStatus: 'Approved' })
      expect(newest.ModelPackageSummaryList[0]).toMatchObject({
        ModelPackageVersion: 21,
        ModelPackageGroupName: 'Pages',
      })
    })

    it('filter by time: After is inclusive, Before is not', async () => {
      await group('Times')
      await version('Times')
      const { CreationTime: time } = await describePackage('Times/1')
      const of = { ModelPackageGroupName: 'Times' }
      expect(await walk({ ...of, CreationTimeAfter: time })).toEqual([1])
      expect(await walk({ ...of, CreationTimeBefore: time })).toEqual([])
      expect(await walk({ ...of, CreationTimeBefore: time + 1 })).toEqual([1])
    })

    it('show unversioned packages unless they are asked for others', async () => {
      expect(await walk({})).toEqual(['Product'])
      const versioned = await walk({ ModelPackageType: 'Versioned', MaxResults: 100 })
      expect(versioned).not.toContain('Product')
      expect(await walk({ ModelPackageType: 'Both', MaxResults: 3 })).toHaveLength(versioned.length + 1)
    })

    it('refuse tokens that were changed or belong to another list', async () => {
      const of = { ModelPackageGroupName: 'Pages' }
      const { NextToken: token = '' } = await service.call('ListModelPackages', of)
      const refused = 'ValidationException: The value of NextToken is not valid.'
      expect(await refusal(service.call('ListModelPackages', { ...of, NextToken: `${token}x` }))).toBe(refused)
      expect(await refusal(service.call('ListModelPackages', { NextToken: token }))).toBe(refused)
      const reversed = { ...of, SortOrder: 'Descending' as const, NextToken: token }
      expect(await refusal(service.call('ListModelPackages', reversed))).toBe(refused)
      const other = { principal: root('999999999999') }
      expect(await refusal(service.call('ListModelPackages', { ...of, NextToken: token }, other))).toBe(refused)
      const groups = { NextToken: token }
      expect(await refusal(service.call('ListModelPackageGroups', groups))).toBe(refused)
    })

    it('of groups page, sort and filter', async () => {
      const names: string[] = []
      let token: string | undefined
      do {
        const page = await service.call('ListModelPackageGroups', { SortBy: 'Name', MaxResults: 4, NextToken: token })
        names.push(...page.ModelPackageGroupSummaryList.map((one) => one.ModelPackageGroupName))
        token = page.NextToken
      } while (token !== undefined)
      const keys = names.map((name) => name.toLowerCase())
      expect(keys).toEqual(keys.toSorted())
      const found = await service.call('ListModelPackageGroups', { NameContains: 'pAgE' })
      expect(found.ModelPackageGroupSummaryList.map((one) => one.ModelPackageGroupName)).toEqual(['Pages'])
      const other = await service.call('ListModelPackageGroups', {}, { principal: root('999999999999') })
      expect(other.ModelPackageGroupSummaryList).toEqual([])
    })
  })
})
