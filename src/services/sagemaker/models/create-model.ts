import type { CreateModelInput, CreateModelOutput } from '../../../model/generated/sagemaker.ts'
import type { RequestContext } from '../../operation.ts'
import { nameKey, sagemakerArn } from '../resource-name.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { checkTags, putTags, tagged } from '../tags/tag-store.ts'
import { checkBindToPort } from './bind-to-port.ts'
import { duplicateModel } from './errors.ts'
import { checkExecutionRole } from './execution-role.ts'
import { checkImage } from './image-rules.ts'
import { checkExecutionMode, containerEntries, resolveContainers } from './model-containers.ts'
import { documentOf } from './model-document.ts'
import { findModel, insertModel } from './model-store.ts'
import { usedPackages } from './package-containers.ts'

/**
 * Creates a model from images or from approved versions. It keeps the containers resolved, so that nothing that
 * happens to the package later changes it.
 */
export async function createModel(
  deps: SagemakerDeps,
  input: CreateModelInput,
  context: RequestContext,
): Promise<CreateModelOutput> {
  const { database } = deps
  const { ModelName: name, ExecutionRoleArn: roleArn, Tags: tags = [] } = input
  const arn = sagemakerArn(context, 'model', name)
  const entries = containerEntries(input)
  checkTags(tags)
  if ((await findModel(database, context, nameKey(name))) !== undefined) throw duplicateModel(arn)
  const packages = await usedPackages(deps, entries, context)
  const containers = resolveContainers(entries, packages.byEntry)
  checkExecutionMode(input.InferenceExecutionConfig?.Mode, containers)
  const access = {
    platformHosts: deps.registryHosts,
    isOwnImage: (image: string) => deps.ecr.locate(image) !== undefined,
    hasVpcConfig: input.VpcConfig !== undefined,
  }
  for (const container of containers) checkImage(container, access)
  await checkExecutionRole(deps, roleArn, containers, context)
  await checkBindToPort(deps, roleArn, containers)
  const row = {
    account: context.account,
    region: context.region,
    name_key: nameKey(name),
    name,
    execution_role_arn: roleArn ?? null,
    created_at: context.now,
    document: JSON.stringify(documentOf(input, entries, containers)),
    containers: JSON.stringify(containers),
  }
  await database.commit([
    ...packages.guards,
    insertModel(database, row, () => duplicateModel(arn)),
    ...putTags(deps, tagged(context, 'model', name), arn, tags),
  ])
  return { ModelArn: arn }
}
