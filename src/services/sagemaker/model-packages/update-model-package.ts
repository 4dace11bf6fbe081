import type { UpdateModelPackageInput, UpdateModelPackageOutput } from '../../../model/generated/sagemaker.ts'
import { retryOvertaken } from '../../../shared/overtaken.ts'
import type { ModelPackageRow } from '../../../storage/schema/sagemaker.ts'
import type { RequestContext } from '../../operation.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { userContext } from '../user-context.ts'
import { onlyOnce, tokenUse } from './client-token.ts'
import { approvalOnUnversioned, concurrentUpdate, notForUnversioned, sourceUriWithSpecification } from './errors.ts'
import { requireReadableByOwner } from './owner-access.ts'
import { readDocument } from './package-document.ts'
import { parsePackage, requirePackage } from './package-reference.ts'
import { checkSpecifications } from './package-rules.ts'
import { specificationsFrom } from './package-source.ts'
import { updatePackage } from './package-store.ts'
import { updateDocument } from './package-update.ts'

/**
 * Changes a version's approval, its description and its specifications. Updates at the same moment are made one after
 * another. @throws ServiceError `ConflictException` when others get in between again and again
 */
export async function updateModelPackage(
  deps: SagemakerDeps,
  input: UpdateModelPackageInput,
  context: RequestContext,
): Promise<UpdateModelPackageOutput> {
  const { database } = deps
  const reference = parsePackage(input.ModelPackageArn, context)
  const row = await requirePackage(deps, reference)
  if (reference.version === 0) {
    if (input.ModelApprovalStatus !== undefined) throw approvalOnUnversioned(reference.arn)
    if (input.SourceUri !== undefined) throw notForUnversioned('SourceUri')
  }
  if (input.SourceUri !== undefined && input.InferenceSpecification !== undefined) throw sourceUriWithSpecification()
  checkSpecifications(input.InferenceSpecification, input.AdditionalInferenceSpecificationsToAdd)
  const use = tokenUse(context, 'UpdateModelPackage', input)
  const conflict = concurrentUpdate(reference.arn)
  await onlyOnce(deps, use, reference, context.now, async (token) => {
    let known: ModelPackageRow | undefined = row
    const write = async () => {
      const current = known ?? (await requirePackage(deps, reference))
      // Whoever comes here again has been overtaken.
      known = undefined
      const columns = await changedColumns(deps, current, input, context)
      await database.commit([...token, updatePackage(database, current, columns, () => conflict)])
    }
    await retryOvertaken(write, (error) => error === conflict, context.signal)
    return reference
  })
  return { ModelPackageArn: reference.arn }
}

async function changedColumns(
  deps: SagemakerDeps,
  row: ModelPackageRow,
  input: UpdateModelPackageInput,
  context: RequestContext,
): Promise<Partial<ModelPackageRow>> {
  const document = updateDocument(readDocument(row), input)
  // A package that was registered without a specification gets it from the source that is named later.
  const source = document.InferenceSpecification === undefined ? input.SourceUri : undefined
  const copied = (await specificationsFrom(deps, source, context)).InferenceSpecification
  const named = {
    InferenceSpecification: input.InferenceSpecification ?? copied,
    AdditionalInferenceSpecifications: input.AdditionalInferenceSpecificationsToAdd,
  }
  await requireReadableByOwner(deps, row.account, named, context)
  const changed = {
    ...document,
    InferenceSpecification: document.InferenceSpecification ?? copied,
    LastModifiedBy: userContext(context.principal),
  }
  return {
    approval_status: input.ModelApprovalStatus ?? row.approval_status,
    registration_type: input.ModelPackageRegistrationType ?? row.registration_type,
    life_cycle: input.ModelLifeCycle === undefined ? row.life_cycle : JSON.stringify(input.ModelLifeCycle),
    modified_at: context.now,
    document: JSON.stringify(changed),
  }
}
