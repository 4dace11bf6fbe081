import type { ListModelPackageGroupsInput, ListModelPackageGroupsOutput } from '../../../model/generated/sagemaker.ts'
import type { RequestContext } from '../../operation.ts'
import { readListing } from '../listing.ts'
import { sagemakerArn } from '../resource-name.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { listGroups } from './group-store.ts'

/** Lists the account's groups. No group is shared with other accounts, so `CrossAccount` finds none. */
export async function listModelPackageGroups(
  { database }: SagemakerDeps,
  input: ListModelPackageGroupsInput,
  context: RequestContext,
): Promise<ListModelPackageGroupsOutput> {
  const listing = readListing('ListModelPackageGroups', input, context, 'Ascending')
  if (input.CrossAccountFilterOption === 'CrossAccount') return { ModelPackageGroupSummaryList: [] }
  const page = await listGroups(database, context, input, listing)
  return {
    ModelPackageGroupSummaryList: page.rows.map((row) => ({
      ModelPackageGroupName: row.name,
      ModelPackageGroupArn: sagemakerArn(context, 'model-package-group', row.name),
      ModelPackageGroupDescription: row.description ?? undefined,
      CreationTime: row.created_at,
      ModelPackageGroupStatus: 'Completed',
    })),
    NextToken: listing.nextToken(page),
  }
}
