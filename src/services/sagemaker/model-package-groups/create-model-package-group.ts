import type { CreateModelPackageGroupInput, CreateModelPackageGroupOutput } from '../../../model/generated/sagemaker.ts'
import { notImplemented } from '../../../wire/service-error.ts'
import type { RequestContext } from '../../operation.ts'
import { nameKey, sagemakerArn } from '../resource-name.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { checkTags, putTags, tagged } from '../tags/tag-store.ts'
import { userContext } from '../user-context.ts'
import { duplicateGroup } from './errors.ts'
import { insertGroup } from './group-store.ts'

/** Creates an empty group of model versions. */
export async function createModelPackageGroup(
  deps: SagemakerDeps,
  input: CreateModelPackageGroupInput,
  context: RequestContext,
): Promise<CreateModelPackageGroupOutput> {
  const { database } = deps
  const { ModelPackageGroupName: name, Tags: tags = [] } = input
  const arn = sagemakerArn(context, 'model-package-group', name)
  if (input.ManagedConfiguration?.ManagedStorageType !== undefined) throw notImplemented('ManagedConfiguration')
  checkTags(tags)
  const row = {
    account: context.account,
    region: context.region,
    name_key: nameKey(name),
    name,
    description: input.ModelPackageGroupDescription ?? null,
    last_version: 0,
    created_at: context.now,
    created_by: JSON.stringify(userContext(context.principal)),
  }
  await database.commit([
    insertGroup(database, row, () => duplicateGroup(arn)),
    ...putTags(deps, tagged(context, 'model-package-group', name), arn, tags),
  ])
  return { ModelPackageGroupArn: arn }
}
