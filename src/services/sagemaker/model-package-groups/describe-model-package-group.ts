import type {
  DescribeModelPackageGroupInput,
  DescribeModelPackageGroupOutput,
  UserContext,
} from '../../../model/generated/sagemaker.ts'
import type { RequestContext } from '../../operation.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { parseGroup, requireGroup } from './group-reference.ts'

export async function describeModelPackageGroup(
  deps: SagemakerDeps,
  input: DescribeModelPackageGroupInput,
  context: RequestContext,
): Promise<DescribeModelPackageGroupOutput> {
  const group = parseGroup(input.ModelPackageGroupName, context)
  const row = await requireGroup(deps, group)
  return {
    ModelPackageGroupName: row.name,
    ModelPackageGroupArn: group.arn,
    ModelPackageGroupDescription: row.description ?? undefined,
    CreationTime: row.created_at,
    CreatedBy: JSON.parse(row.created_by) as UserContext,
    ModelPackageGroupStatus: 'Completed',
  }
}
