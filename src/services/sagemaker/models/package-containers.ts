import type { ContainerDefinition } from '../../../model/generated/sagemaker.ts'
import type { Statement } from '../../../storage/database.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { missingPackage } from '../model-packages/errors.ts'
import { readDocument } from '../model-packages/package-document.ts'
import { type PackageReference, parsePackage, requirePackage } from '../model-packages/package-reference.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { noInferenceSpecification, packageNotApproved, unknownSpecification } from './errors.ts'
import type { PackageContainers } from './model-containers.ts'

/** The packages that a model's entries name, and what must still be true of them when the model is written. */
export interface UsedPackages {
  readonly byEntry: ReadonlyMap<ContainerDefinition, PackageContainers>
  readonly guards: readonly Statement[]
}

/** @throws ServiceError `ValidationException` when a package is missing, not approved or describes no containers */
export async function usedPackages(
  deps: SagemakerDeps,
  entries: readonly ContainerDefinition[],
  context: RequestContext,
): Promise<UsedPackages> {
  const byEntry = new Map<ContainerDefinition, PackageContainers>()
  const guards: Statement[] = []
  for (const entry of entries) {
    if (entry.ModelPackageName === undefined) continue
    const reference = parsePackage(entry.ModelPackageName, context)
    byEntry.set(entry, await readPackage(deps, reference, entry.InferenceSpecificationName))
    guards.push(stillUsable(deps, reference))
  }
  return { byEntry, guards }
}

async function readPackage(
  deps: SagemakerDeps,
  reference: PackageReference,
  specificationName: string | undefined,
): Promise<PackageContainers> {
  const { arn } = reference
  const row = await requirePackage(deps, reference)
  const versioned = row.version > 0
  if (versioned && row.approval_status !== 'Approved') throw packageNotApproved(arn, String(row.approval_status))
  const document = readDocument(row)
  const additional = document.AdditionalInferenceSpecifications ?? []
  const specification =
    specificationName === undefined
      ? document.InferenceSpecification
      : additional.find(({ Name: name }) => name === specificationName)
  if (specification !== undefined) return { arn, versioned, containers: specification.Containers }
  throw specificationName === undefined ? noInferenceSpecification(arn) : unknownSpecification(specificationName, arn)
}

/** A rejection or deletion that was committed since the package was read stops the model too. */
function stillUsable({ database }: SagemakerDeps, reference: PackageReference): Statement {
  const { account, region, key, version, arn } = reference
  const found = database.query
    .selectFrom('model_packages')
    .select('version')
    .where('account', '=', account)
    .where('region', '=', region)
    .where('package_key', '=', key)
    .where('version', '=', version)
  if (version === 0)
    return statement(
      found,
      one(() => missingPackage(arn)),
    )
  return statement(
    found.where('approval_status', '=', 'Approved'),
    one(() => packageNotApproved(arn, 'no longer Approved')),
  )
}
