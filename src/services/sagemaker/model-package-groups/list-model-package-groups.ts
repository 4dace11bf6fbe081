import type { ListModelPackageGroupsInput, ListModelPackageGroupsOutput } from '../../../model/generated/sagemaker.ts'
import type { ModelPackageGroupRow } from '../../../storage/schema/sagemaker.ts'
import type { RequestContext } from '../../operation.ts'
import { readListing } from '../listing.ts'
import { sagemakerArn } from '../resource-name.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { listGroups } from './group-store.ts'
import { listSharedGroups } from './shared-groups.ts'

/** Lists the account's groups, or with `CrossAccount` those of other accounts that the caller may look at. */
export async function listModelPackageGroups(
  deps: SagemakerDeps,
  input: ListModelPackageGroupsInput,
  context: RequestContext,
): Promise<ListModelPackageGroupsOutput> {
  const listing = readListing('ListModelPackageGroups', input, context, 'Ascending')
  const page =
    input.CrossAccountFilterOption === 'CrossAccount'
      ? await listSharedGroups(deps, input, context, listing)
      : await listGroups(deps.database, context, input, listing)
  return { ModelPackageGroupSummaryList: page.rows.map(summarize), NextToken: listing.nextToken(page) }
}

const summarize = (row: ModelPackageGroupRow) => ({
  ModelPackageGroupName: row.name,
  ModelPackageGroupArn: sagemakerArn(row, 'model-package-group', row.name),
  ModelPackageGroupDescription: row.description ?? undefined,
  CreationTime: row.created_at,
  ModelPackageGroupStatus: 'Completed' as const,
})
