import type { ListModelPackagesInput, ListModelPackagesOutput } from '../../../model/generated/sagemaker.ts'
import type { RequestContext } from '../../operation.ts'
import { readListing } from '../listing.ts'
import { parseGroup, requireGroup } from '../model-package-groups/group-reference.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { summarize } from './package-document.ts'
import { listPackages } from './package-store.ts'

/** Lists a group's versions, or without a group the unversioned packages (or what `ModelPackageType` asks for). */
export async function listModelPackages(
  deps: SagemakerDeps,
  input: ListModelPackagesInput,
  context: RequestContext,
): Promise<ListModelPackagesOutput> {
  const { ModelPackageGroupName: groupName, ...filters } = input
  const listing = readListing('ListModelPackages', input, context, 'Ascending')
  const group = groupName === undefined ? undefined : parseGroup(groupName, context)
  if (group !== undefined) await requireGroup(deps, group)
  const page = await listPackages(deps.database, group ?? context, group?.key, filters, listing)
  return { ModelPackageSummaryList: page.rows.map(summarize), NextToken: listing.nextToken(page) }
}
