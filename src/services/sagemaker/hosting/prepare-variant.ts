import type { Principal } from '../../../access/principal.ts'
import { formatWithDigest, parseImageReference } from '../../../registries/image-reference.ts'
import type { RegistryClient, ResolvedImage } from '../../../registries/registry-client.ts'
import { isTransient, RegistryError } from '../../../registries/registry-error.ts'
import { type ContainerRuntime, type LocalImage, RuntimeError } from '../../../runtime/container-runtime.ts'
import type { EcrFacade } from '../../ecr/facade.ts'
import type { IamFacade } from '../../iam/facade.ts'
import type { LambdaFacade } from '../../lambda/facade.ts'
import type { VariantSpec } from '../endpoints/endpoint-spec.ts'
import type { ResolvedContainer } from '../models/resolved-container.ts'
import {
  imageNotPulled,
  imageNotResolved,
  type LoginSource,
  ROLE_REQUIRED,
  roleNotAssumable,
} from './failure-reason.ts'
import { HostingError } from './hosting-error.ts'
import type { ModelStore } from './model-store.ts'
import { fetchRegistryCredentials, type PlatformRegistry, type RegistryCredentials } from './registry-credentials.ts'

export interface PreparationDeps {
  readonly runtime: ContainerRuntime
  readonly registries: RegistryClient
  readonly iam: IamFacade
  readonly lambda: LambdaFacade
  readonly ecr: EcrFacade
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

/** The digest that a variant's image was resolved to: all its instances run that, whatever the tag says later. */
export interface ImagePin {
  /** `host/repository@sha256:…`; undefined before the first deployment. */
  read(): Promise<string | undefined>
  /** Pins the image unless another worker has been first; returns what it is pinned to. */
  set(resolved: string): Promise<string>
}

/**
 * Brings image and model data of a variant onto this machine, side by side, everything as the execution role. Throws
 * HostingError; RuntimeError `unreachable` when the engine is away.
 */
export async function prepareVariant(
  deps: PreparationDeps,
  variant: VariantSpec,
  container: ResolvedContainer,
  pin: ImagePin,
  signal: AbortSignal,
): Promise<PreparedVariant> {
  const role = await executionRole(deps, variant)
  // What fails first ends the other: nobody wants half of it.
  const failed = new AbortController()
  const both = AbortSignal.any([signal, failed.signal])
  const reader = container.modelData === undefined ? undefined : requireRole(role)
  const image = prepareImage(deps, variant, container, pin, role, both)
  const model =
    container.modelData === undefined || reader === undefined
      ? undefined
      : deps.models.fetch(container.modelData, reader, variant.modelDataDownloadSeconds, both)
  try {
    const [prepared, modelDirectory] = await Promise.all([image, model])
    return { ...prepared, modelDirectory }
  } catch (error) {
    failed.abort(error)
    await Promise.allSettled([image, model])
    throw error
  }
}

/** A model may do without a role when nothing of it needs one: its image is public and it has no model data. */
async function executionRole(deps: PreparationDeps, variant: VariantSpec): Promise<Principal | undefined> {
  const arn = variant.executionRoleArn
  if (arn === undefined) return undefined
  const role = await deps.iam.assumeRoleForService(arn, 'sagemaker.amazonaws.com', 'SageMaker')
  if (role === undefined) throw new HostingError(roleNotAssumable(arn), { transient: false })
  return role
}

/** The role, where it is needed. */
function requireRole(role: Principal | undefined): Principal {
  if (role === undefined) throw new HostingError(ROLE_REQUIRED, { transient: false })
  return role
}

async function prepareImage(
  deps: PreparationDeps,
  variant: VariantSpec,
  container: ResolvedContainer,
  pin: ImagePin,
  role: Principal | undefined,
  signal: AbortSignal,
): Promise<{ image: string; resolvedImage: string }> {
  const pinned = await pin.read()
  if (pinned !== undefined) {
    const present = await deps.runtime.findImage(pinned, signal)
    if (present !== undefined) return { image: present.id, resolvedImage: pinned }
  }
  const source = await imageSource(deps, container, pinned ?? pinnedByPackage(container), role, signal)
  const { credentials } = source
  const resolved = await resolve(deps, variant, source, signal)
  const resolvedImage = pinned ?? (await pin.set(resolved.reference))
  const local =
    (await deps.runtime.findImage(resolvedImage, signal)) ??
    (await pull(deps, variant, container.image, resolvedImage, credentials, signal))
  return { image: local.id, resolvedImage }
}

/** Where an image is pulled from, and as whom. */
interface ImageSource {
  readonly reference: string
  readonly credentials: RegistryCredentials | undefined
  readonly login: LoginSource
}

/** This server's own registry for the images that lie in it, pulled as the execution role; else the one they name. */
async function imageSource(
  deps: PreparationDeps,
  container: ResolvedContainer,
  image: string,
  role: Principal | undefined,
  signal: AbortSignal,
): Promise<ImageSource> {
  const own = container.repositoryAccessMode === 'Platform' ? deps.ecr.locate(image) : undefined
  if (own !== undefined)
    return { reference: own.reference, credentials: deps.ecr.login(requireRole(role)), login: 'ecr' }
  const platform = deps.platformRegistries[parseImageReference(image)?.host ?? '']
  const credentials = await fetchRegistryCredentials(container, platform, deps.lambda, () => requireRole(role), signal)
  if (credentials === undefined) return { reference: image, credentials, login: 'nowhere' }
  const byFunction = (container.credentialsProviderArn ?? platform?.credentialsFunction) !== undefined
  return { reference: image, credentials, login: byFunction ? 'function' : 'configuration' }
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
  { reference, credentials, login }: ImageSource,
  signal: AbortSignal,
): Promise<ResolvedImage> {
  try {
    return await deps.registries.resolveImage(reference, {
      credentials,
      platform: { os: 'linux', architecture: deps.architecture },
      signal,
    })
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    throw new HostingError(imageNotResolved(variant.name, reference, login, error), {
      transient: isTransient(error),
      cause: error,
    })
  }
}

async function pull(
  deps: PreparationDeps,
  variant: VariantSpec,
  image: string,
  reference: string,
  credentials: RegistryCredentials | undefined,
  signal: AbortSignal,
): Promise<LocalImage> {
  try {
    return await deps.runtime.pullImage({ reference, ...(credentials === undefined ? {} : { credentials }) }, signal)
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.reason === 'unreachable') throw error
    const transient = error.reason === 'registry-unreachable' || error.reason === 'other'
    throw new HostingError(imageNotPulled(variant.name, image, error), { transient, cause: error })
  }
}
