import type { CreateModelPackageInput, CreateModelPackageOutput } from '../../../model/generated/sagemaker.ts'
import type { ModelPackageRow } from '../../../storage/schema/sagemaker.ts'
import type { RequestContext } from '../../operation.ts'
import { missingGroup } from '../model-package-groups/errors.ts'
import { parseGroup, requireGroup } from '../model-package-groups/group-reference.ts'
import { advanceGroup } from '../model-package-groups/group-store.ts'
import { nameKey } from '../resource-name.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { checkTags, putTags, tagged } from '../tags/tag-store.ts'
import { userContext } from '../user-context.ts'
import { onlyOnce, type TokenUse, tokenUse } from './client-token.ts'
import { duplicatePackage } from './errors.ts'
import { requireReadableByOwner } from './owner-access.ts'
import { documentOf, type PackageDocument } from './package-document.ts'
import { packageArn } from './package-reference.ts'
import { checkNewPackage } from './package-rules.ts'
import { specificationsFrom } from './package-source.ts'
import { insertUnversioned, insertVersion } from './package-store.ts'

/** Registers a version of a group, or an unversioned package. */
export async function createModelPackage(
  deps: SagemakerDeps,
  input: CreateModelPackageInput,
  context: RequestContext,
): Promise<CreateModelPackageOutput> {
  checkNewPackage(input)
  const { account, region } = context
  const use = tokenUse({ account, region }, 'CreateModelPackage', input)
  const source = await specificationsFrom(deps, input.SourceUri, context)
  const document: PackageDocument = {
    ...documentOf(input),
    InferenceSpecification: input.InferenceSpecification ?? source.InferenceSpecification,
    AdditionalInferenceSpecifications:
      input.AdditionalInferenceSpecifications ?? source.AdditionalInferenceSpecifications,
    CreatedBy: userContext(context.principal),
  }
  return input.ModelPackageGroupName === undefined
    ? createUnversioned(deps, input, input.ModelPackageName as string, document, use, context)
    : createVersion(deps, input, input.ModelPackageGroupName, document, use, context)
}

/** The columns that the two kinds have in common. */
const columnsOf = (input: CreateModelPackageInput, document: PackageDocument, now: number) => ({
  description: input.ModelPackageDescription ?? null,
  status: 'Completed',
  registration_type: input.ModelPackageRegistrationType ?? null,
  life_cycle: input.ModelLifeCycle === undefined ? null : JSON.stringify(input.ModelLifeCycle),
  created_at: now,
  modified_at: null,
  revision: 1,
  document: JSON.stringify(document),
})

async function createVersion(
  deps: SagemakerDeps,
  input: CreateModelPackageInput,
  groupName: string,
  document: PackageDocument,
  use: TokenUse | undefined,
  context: RequestContext,
): Promise<CreateModelPackageOutput> {
  const { database } = deps
  const group = parseGroup(groupName, context)
  const { account, region, key } = group
  const { name } = await requireGroup(deps, group)
  const row: Omit<ModelPackageRow, 'version'> = {
    ...columnsOf(input, document, context.now),
    account,
    region,
    package_key: key,
    name,
    approval_status: input.ModelApprovalStatus ?? 'PendingManualApproval',
    registration_type: input.ModelPackageRegistrationType ?? 'Registered',
  }
  const created = await onlyOnce(
    deps,
    use,
    { account, region, key, version: undefined },
    context.now,
    async (token) => {
      await requireReadableByOwner(deps, account, document, context)
      const [advanced] = await database.commit([
        advanceGroup(database, group, 1, () => missingGroup(group.arn)),
        ...token,
        insertVersion(database, row),
      ])
      return { account, region, key, version: Number(advanced?.rows[0]?.last_version) }
    },
  )
  return { ModelPackageArn: packageArn(created) }
}

async function createUnversioned(
  deps: SagemakerDeps,
  input: CreateModelPackageInput,
  name: string,
  document: PackageDocument,
  use: TokenUse | undefined,
  context: RequestContext,
): Promise<CreateModelPackageOutput> {
  const { database } = deps
  const { account, region } = context
  const key = { account, region, key: nameKey(name), version: 0 }
  const arn = packageArn(key)
  checkTags(input.Tags ?? [])
  const row: ModelPackageRow = {
    ...columnsOf(input, document, context.now),
    account,
    region,
    package_key: key.key,
    version: 0,
    name,
    approval_status: null,
  }
  const created = await onlyOnce(deps, use, key, context.now, async (token) => {
    await database.commit([
      ...token,
      insertUnversioned(database, row, () => duplicatePackage(arn)),
      ...putTags(deps, tagged(key, 'model-package', name), arn, input.Tags),
    ])
    return key
  })
  return { ModelPackageArn: packageArn(created) }
}
