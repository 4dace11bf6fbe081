import type { CustomerMetadataMap, UpdateModelPackageInput } from '../../../model/generated/sagemaker.ts'
import { duplicateSpecificationName, tooManyProperties, tooManySpecifications } from './errors.ts'
import type { PackageDocument } from './package-document.ts'

const MAXIMUM_PROPERTIES = 50
const MAXIMUM_SPECIFICATIONS = 15

/** The document after an update: metadata merges by key, additional specifications are added, all else is replaced. */
export function updateDocument(document: PackageDocument, input: UpdateModelPackageInput): PackageDocument {
  return {
    ...document,
    InferenceSpecification: input.InferenceSpecification ?? document.InferenceSpecification,
    ApprovalDescription: input.ApprovalDescription ?? document.ApprovalDescription,
    SourceUri: input.SourceUri ?? document.SourceUri,
    ModelCard: input.ModelCard ?? document.ModelCard,
    CustomerMetadataProperties: mergeProperties(document.CustomerMetadataProperties, input),
    AdditionalInferenceSpecifications: addSpecifications(document.AdditionalInferenceSpecifications, input),
  }
}

function mergeProperties(
  existing: CustomerMetadataMap | undefined,
  input: UpdateModelPackageInput,
): CustomerMetadataMap | undefined {
  const { CustomerMetadataProperties: set = {}, CustomerMetadataPropertiesToRemove: remove = [] } = input
  const merged = new Map([...Object.entries(existing ?? {}), ...Object.entries(set)])
  for (const key of remove) if (!Object.hasOwn(set, key)) merged.delete(key)
  if (merged.size > MAXIMUM_PROPERTIES) throw tooManyProperties(MAXIMUM_PROPERTIES)
  return merged.size === 0 ? undefined : Object.fromEntries(merged)
}

function addSpecifications(
  existing: PackageDocument['AdditionalInferenceSpecifications'],
  input: UpdateModelPackageInput,
): PackageDocument['AdditionalInferenceSpecifications'] {
  const added = input.AdditionalInferenceSpecificationsToAdd
  if (added === undefined) return existing
  const all = [...(existing ?? []), ...added]
  const names = new Set<string>()
  for (const { Name: name } of all) {
    if (names.has(name)) throw duplicateSpecificationName(name)
    names.add(name)
  }
  if (all.length > MAXIMUM_SPECIFICATIONS) throw tooManySpecifications(MAXIMUM_SPECIFICATIONS)
  return all
}
