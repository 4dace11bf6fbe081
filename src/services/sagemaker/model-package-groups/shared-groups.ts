import type { ListModelPackageGroupsInput } from '../../../model/generated/sagemaker.ts'
import type { Page, PageRequest } from '../../../shared/pagination.ts'
import type { ModelPackageGroupRow } from '../../../storage/schema/sagemaker.ts'
import type { RequestContext } from '../../operation.ts'
import { sagemakerArn } from '../resource-name.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { listForeignGroups } from './group-store.ts'

const BATCH = 100
/** A page may come out short, even empty, when so many groups in a row are none of the caller's business. */
const EXAMINED = 1_000

/** A page of the groups of other accounts whose policies, and the caller's own, let the caller look at them. */
export async function listSharedGroups(
  deps: SagemakerDeps,
  input: ListModelPackageGroupsInput,
  context: RequestContext,
  page: PageRequest,
): Promise<Page<ModelPackageGroupRow>> {
  const keyOf = (row: ModelPackageGroupRow) =>
    input.SortBy === 'Name' ? [row.name_key, row.account] : [row.created_at, row.name_key, row.account]
  const shown: ModelPackageGroupRow[] = []
  let after = page.after
  for (let examined = 0; examined < EXAMINED; examined += BATCH) {
    const batch = await listForeignGroups(deps.database, context, input, { ...page, size: BATCH, after })
    for (const row of batch.rows) {
      if (!(await isShared(deps, row, context))) continue
      // There is another page when there is something for it.
      const last = shown.at(-1)
      if (shown.length === page.size && last !== undefined) return { rows: shown, next: keyOf(last) }
      shown.push(row)
    }
    if (batch.next === undefined) return { rows: shown, next: undefined }
    after = batch.next
  }
  return { rows: shown, next: after }
}

/** Whether the caller may describe the group, or list its versions. */
async function isShared(
  { authorizer }: SagemakerDeps,
  row: ModelPackageGroupRow,
  { principal, origin }: RequestContext,
): Promise<boolean> {
  const group = sagemakerArn(row, 'model-package-group', row.name_key)
  const needs = [
    { action: 'sagemaker:DescribeModelPackageGroup', resource: group },
    { action: 'sagemaker:ListModelPackages', resource: `${sagemakerArn(row, 'model-package', row.name_key)}/*` },
  ]
  for (const need of needs) if ((await authorizer.decide({ ...need, principal, origin })).allowed) return true
  return false
}
