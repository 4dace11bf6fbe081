import type {
  ContainerDefinition,
  CreateModelInput,
  ModelPackageContainerDefinition,
} from '../../../model/generated/sagemaker.ts'
import { notImplemented } from '../../../wire/service-error.ts'
import {
  directNeedsHostnames,
  directNeedsSeveral,
  environmentOnSubscribed,
  environmentOnUnversionedEntry,
  environmentTooLarge,
  hostnameMissing,
  hostnameTwice,
  imageOrPackage,
  noContainers,
  packageWithoutImage,
  primaryAndContainers,
  specificationNameWithoutPackage,
  tooManyContainers,
} from './errors.ts'
import { checkModelData } from './model-data-source.ts'
import { modelDataOf, type ResolvedContainer } from './resolved-container.ts'

const MAXIMUM_CONTAINERS = 15
const MAXIMUM_ENVIRONMENT_ENTRIES = 100
const MAXIMUM_ENVIRONMENT_BYTES = 32 * 1024

/** What a package contributes to a model: the containers of the specification that the entry asks for. */
export interface PackageContainers {
  readonly arn: string
  readonly versioned: boolean
  readonly containers: readonly ModelPackageContainerDefinition[]
}

/** The containers as the request lists them. */
export function containerEntries(input: CreateModelInput): readonly ContainerDefinition[] {
  const { PrimaryContainer: primary, Containers: containers = [] } = input
  if (primary !== undefined && containers.length > 0) throw primaryAndContainers()
  const entries = primary === undefined ? containers : [primary]
  if (entries.length === 0) throw noContainers()
  for (const entry of entries) checkEntry(entry)
  return entries
}

function checkEntry(entry: ContainerDefinition): void {
  const { Image: image, ModelPackageName: packageName } = entry
  if (entry.Mode === 'MultiModel') throw notImplemented('A container in MultiModel mode')
  if (entry.MultiModelConfig !== undefined) throw notImplemented('MultiModelConfig')
  const hasData = entry.ModelDataUrl !== undefined || entry.ModelDataSource !== undefined
  if (packageName === undefined) {
    if (image === undefined) throw imageOrPackage()
    if (entry.InferenceSpecificationName !== undefined) throw specificationNameWithoutPackage()
  } else if (image !== undefined || hasData) {
    throw imageOrPackage()
  }
  checkModelData(entry)
}

/** The model's containers, complete. `packages` holds what each entry with a `ModelPackageName` stands for. */
export function resolveContainers(
  entries: readonly ContainerDefinition[],
  packages: ReadonlyMap<ContainerDefinition, PackageContainers>,
): readonly ResolvedContainer[] {
  const resolved = entries.flatMap((entry) => {
    const source = packages.get(entry)
    return source === undefined ? [fromImage(entry)] : fromPackage(entry, source)
  })
  if (resolved.length > MAXIMUM_CONTAINERS) throw tooManyContainers(resolved.length, MAXIMUM_CONTAINERS)
  if (resolved.length > 1) checkHostnames(resolved)
  for (const { environment } of resolved) checkEnvironment(environment)
  return resolved
}

/**
 * Containers that are invoked directly are invoked by name. Source: "Invoke a multi-container endpoint with direct invocation"
 * (developer guide).
 */
export function checkExecutionMode(
  mode: NonNullable<CreateModelInput['InferenceExecutionConfig']>['Mode'] | undefined,
  containers: readonly ResolvedContainer[],
): void {
  if (mode !== 'Direct') return
  if (containers.length < 2) throw directNeedsSeveral()
  if (containers.some(({ hostname }) => hostname === undefined)) throw directNeedsHostnames()
}

const repositoryOf = ({ ImageConfig: config }: ContainerDefinition) => ({
  repositoryAccessMode: config?.RepositoryAccessMode ?? ('Platform' as const),
  credentialsProviderArn: config?.RepositoryAuthConfig?.RepositoryCredentialsProviderArn,
})

const fromImage = (entry: ContainerDefinition): ResolvedContainer => ({
  hostname: entry.ContainerHostname,
  image: entry.Image as string,
  imageDigest: undefined,
  ...repositoryOf(entry),
  modelData: modelDataOf(entry),
  environment: entry.Environment ?? {},
  modelPackageArn: undefined,
})

function fromPackage(entry: ContainerDefinition, source: PackageContainers): readonly ResolvedContainer[] {
  const overlay = entry.Environment ?? {}
  if (Object.keys(overlay).length > 0) {
    if (source.containers.some(({ ProductId: product }) => product !== undefined)) throw environmentOnSubscribed()
    if (!source.versioned) throw environmentOnUnversionedEntry()
  }
  return source.containers.map((container) => {
    checkModelData(container)
    if (container.Image === undefined) throw packageWithoutImage(source.arn)
    const lone = source.containers.length === 1
    return {
      hostname: (lone ? entry.ContainerHostname : undefined) ?? container.ContainerHostname,
      image: container.Image,
      imageDigest: container.ImageDigest?.toLowerCase(),
      ...repositoryOf(entry),
      modelData: modelDataOf(container),
      environment: { ...container.Environment, ...overlay },
      modelPackageArn: source.arn,
    }
  })
}

function checkHostnames(containers: readonly ResolvedContainer[]): void {
  const names = containers.map(({ hostname }) => hostname).filter((name) => name !== undefined)
  if (names.length > 0 && names.length < containers.length) throw hostnameMissing()
  const seen = new Set<string>()
  for (const name of names) {
    if (seen.has(name.toLowerCase())) throw hostnameTwice(name)
    seen.add(name.toLowerCase())
  }
}

function checkEnvironment(environment: Readonly<Record<string, string>>): void {
  const entries = Object.entries(environment)
  const bytes = entries.reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value), 0)
  if (entries.length > MAXIMUM_ENVIRONMENT_ENTRIES || bytes > MAXIMUM_ENVIRONMENT_BYTES) throw environmentTooLarge()
}
