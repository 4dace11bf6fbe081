import type { Principal } from '../../../access/principal.ts'
import { formatWithDigest, parseImageReference } from '../../../registries/image-reference.ts'
import type { RegistryClient, ResolvedImage } from '../../../registries/registry-client.ts'
import { isTransient, RegistryError } from '../../../registries/registry-error.ts'
import { type ContainerRuntime, type LocalImage, RuntimeError } from '../../../runtime/container-runtime.ts'
import type { IamFacade } from '../../iam/facade.ts'
import type { LambdaFacade } from '../../lambda/facade.ts'
import type { VariantSpec } from '../endpoints/endpoint-spec.ts'
import type { ResolvedContainer } from '../models/resolved-container.ts'
import { imageNotPulled, imageNotResolved, roleNotAssumable } from './failure-reason.ts'
import { HostingError } from './hosting-error.ts'
import type { ModelStore } from './model-store.ts'
import { fetchRegistryCredentials, type PlatformRegistry, type RegistryCredentials } from './registry-credentials.ts'

export interface PreparationDeps {
  readonly runtime: ContainerRuntime
  readonly registries: RegistryClient
  readonly iam: IamFacade
  readonly lambda: LambdaFacade
  readonly models: ModelStore
  /** What the configuration lists under `registries`, by host. */
  readonly platformRegistries: Readonly<Record<string, PlatformRegistry>>
  /** The engine's architecture, such as amd64. */
  readonly architecture: string
}

/** What every instance of a variant is started from. */
export interface PreparedVariant {
  /** What the engine starts: an image it holds. */
  readonly image: string
  /** `host/repository@sha256:…` */
  readonly resolvedImage: string
  /** The unpacked model on this machine; undefined when the image carries its own. */
  readonly modelDirectory: string | undefined
}

/**
 * Brings image and model data of a variant onto this machine, side by side, everything as the execution role. `pinned`
 * is the digest an earlier deployment resolved: replacements run what the first instances ran, whatever the tag says
 * now. Throws HostingError.
 */
export async function prepareVariant(
  deps: PreparationDeps,
  variant: VariantSpec,
  container: ResolvedContainer,
  pinned: string | undefined,
  signal: AbortSignal,
): Promise<PreparedVariant> {
  const role = await executionRole(deps, variant)
  const [image, modelDirectory] = await Promise.all([
    prepareImage(deps, variant, container, pinned, role, signal),
    container.modelData === undefined
      ? undefined
      : deps.models.fetch(container.modelData, role, variant.modelDataDownloadSeconds, signal),
  ])
  return { ...image, modelDirectory }
}

async function executionRole(deps: PreparationDeps, variant: VariantSpec): Promise<Principal> {
  const arn = variant.executionRoleArn ?? ''
  const role = await deps.iam.assumeRoleForService(arn, 'sagemaker.amazonaws.com', 'SageMaker')
  if (role === undefined) throw new HostingError(roleNotAssumable(arn), { transient: false })
  return role
}

async function prepareImage(
  deps: PreparationDeps,
  variant: VariantSpec,
  container: ResolvedContainer,
  pinned: string | undefined,
  role: Principal,
  signal: AbortSignal,
): Promise<{ image: string; resolvedImage: string }> {
  if (pinned !== undefined) {
    const present = await deps.runtime.findImage(pinned, signal)
    if (present !== undefined) return { image: present.id, resolvedImage: pinned }
  }
  const reference = parseImageReference(pinned ?? container.image)
  const platform = deps.platformRegistries[reference?.host ?? '']
  const credentials = await fetchRegistryCredentials(container, platform, deps.lambda, role, signal)
  const resolved = await resolve(deps, variant, pinned ?? pinnedByPackage(container), credentials, signal)
  const local =
    (await deps.runtime.findImage(resolved.reference, signal)) ??
    (await pull(deps, variant, container.image, resolved, credentials, signal))
  return { image: local.id, resolvedImage: resolved.reference }
}

/** The image as it is to be looked up: by the digest its package pins it to, if it does. */
function pinnedByPackage(container: ResolvedContainer): string {
  const reference = parseImageReference(container.image)
  return reference === undefined || container.imageDigest === undefined
    ? container.image
    : formatWithDigest(reference, container.imageDigest)
}

async function resolve(
  deps: PreparationDeps,
  variant: VariantSpec,
  image: string,
  credentials: RegistryCredentials | undefined,
  signal: AbortSignal,
): Promise<ResolvedImage> {
  try {
    return await deps.registries.resolveImage(image, {
      credentials,
      platform: { os: 'linux', architecture: deps.architecture },
      signal,
    })
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    throw new HostingError(imageNotResolved(variant.name, image, error), {
      transient: isTransient(error),
      cause: error,
    })
  }
}

async function pull(
  deps: PreparationDeps,
  variant: VariantSpec,
  image: string,
  resolved: ResolvedImage,
  credentials: RegistryCredentials | undefined,
  signal: AbortSignal,
): Promise<LocalImage> {
  try {
    return await deps.runtime.pullImage(
      { reference: resolved.reference, ...(credentials === undefined ? {} : { credentials }) },
      signal,
    )
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error
    const transient =
      error.reason === 'registry-unreachable' || error.reason === 'unreachable' || error.reason === 'other'
    throw new HostingError(imageNotPulled(variant.name, image, error), { transient, cause: error })
  }
}
