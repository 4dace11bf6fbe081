import type {
  AdditionalInferenceSpecificationDefinition,
  CreateModelPackageInput,
  InferenceSpecification,
  ModelPackageContainerDefinition,
} from '../../../model/generated/sagemaker.ts'
import { parseImageReference } from '../../../registries/image-reference.ts'
import { notImplemented } from '../../../wire/service-error.ts'
import {
  bothModelData,
  bothNames,
  duplicateSpecificationName,
  environmentOnUnversioned,
  invalidImage,
  neitherName,
  notForUnversioned,
  requiredForUnversioned,
  sourceUriWithSpecification,
  tagsOnVersion,
} from './errors.ts'

/** Refuses requests that contradict themselves or ask for what is not implemented. */
export function checkNewPackage(input: CreateModelPackageInput): void {
  const { ModelPackageName: name, ModelPackageGroupName: group } = input
  if (name !== undefined && group !== undefined) throw bothNames()
  if (name === undefined && group === undefined) throw neitherName()
  if ((input.ValidationSpecification?.ValidationProfiles.length ?? 0) > 0)
    throw notImplemented('ValidationSpecification')
  if (input.SourceAlgorithmSpecification !== undefined) throw notImplemented('SourceAlgorithmSpecification')
  if (input.ManagedStorageType !== undefined) throw notImplemented('ManagedStorageType')
  if (input.SourceUri !== undefined && input.InferenceSpecification !== undefined) throw sourceUriWithSpecification()
  if (group === undefined) checkUnversioned(input)
  else if ((input.Tags?.length ?? 0) > 0) throw tagsOnVersion()
  const checkImages = input.SkipModelValidation !== 'All'
  checkSpecifications(input.InferenceSpecification, input.AdditionalInferenceSpecifications, checkImages)
}

/** Packages without a group are offered as products: they state their instances, and are not approved. */
function checkUnversioned(input: CreateModelPackageInput): void {
  for (const member of ['ModelApprovalStatus', 'SourceUri', 'ModelLifeCycle', 'ModelCard'] as const) {
    if (input[member] !== undefined) throw notForUnversioned(member)
  }
  const specification = input.InferenceSpecification
  if (specification === undefined) throw requiredForUnversioned('InferenceSpecification')
  for (const member of ['SupportedTransformInstanceTypes', 'SupportedRealtimeInferenceInstanceTypes'] as const) {
    if ((specification[member]?.length ?? 0) === 0) throw requiredForUnversioned(`InferenceSpecification.${member}`)
  }
  const additional = input.AdditionalInferenceSpecifications ?? []
  for (const container of [specification, ...additional].flatMap((one) => one.Containers)) {
    if (container.Environment !== undefined) throw environmentOnUnversioned()
    if (container.ModelDataSource !== undefined) throw notForUnversioned('ModelDataSource')
  }
}

/** Refuses containers that contradict themselves and names of specifications that are used twice. */
export function checkSpecifications(
  specification: InferenceSpecification | undefined,
  additional: readonly AdditionalInferenceSpecificationDefinition[] = [],
  checkImages = true,
): void {
  const names = new Set<string>()
  for (const { Name: name } of additional) {
    if (names.has(name)) throw duplicateSpecificationName(name)
    names.add(name)
  }
  for (const { Containers: containers } of [...(specification === undefined ? [] : [specification]), ...additional]) {
    for (const container of containers) checkContainer(container, checkImages)
  }
}

function checkContainer(container: ModelPackageContainerDefinition, checkImage: boolean): void {
  const { Image: image } = container
  if (container.ModelDataUrl !== undefined && container.ModelDataSource !== undefined) throw bothModelData()
  if (checkImage && image !== undefined && parseImageReference(image) === undefined) throw invalidImage(image)
}
