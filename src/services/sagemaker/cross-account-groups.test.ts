import { describe, expect, it } from 'vitest'
import { refusal, testStores } from '../../../test/support/sagemaker-service.ts'
import {
  allowAll,
  arn,
  by,
  CALLER,
  everything,
  image,
  named,
  owner,
  ROOT_OF_CALLER,
  STRANGER,
  sharingAccounts,
  statement,
} from '../../../test/support/sharing-accounts.ts'
import type { Principal } from '../../access/principal.ts'

describe.each(testStores)('what accounts share, on $dialect', ({ create }) => {
  const { service, group, version, put, role, describePackage } = sharingAccounts(create)

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
})
