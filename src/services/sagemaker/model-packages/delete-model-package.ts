import type { DeleteModelPackageInput } from '../../../model/generated/sagemaker.ts'
import type { RequestContext } from '../../operation.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { dropTags, tagged } from '../tags/tag-store.ts'
import { missingPackage } from './errors.ts'
import { parsePackage, requirePackage } from './package-reference.ts'
import { deletePackage } from './package-store.ts'

/** Deletes one version or an unversioned package. Models made from it keep what they took over. */
export async function deleteModelPackage(
  deps: SagemakerDeps,
  input: DeleteModelPackageInput,
  context: RequestContext,
): Promise<void> {
  const { database } = deps
  const reference = parsePackage(input.ModelPackageName, context)
  await requirePackage(deps, reference)
  const deletion = deletePackage(database, reference, () => missingPackage(reference.arn))
  const untag = reference.version === 0 ? dropTags(deps, tagged(reference, 'model-package', reference.key)) : []
  await database.commit([deletion, ...untag])
}
