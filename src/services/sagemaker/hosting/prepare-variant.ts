import type { Principal } from '../../../access/principal.ts'
import { formatWithDigest, parseImageReference } from '../../../registries/image-reference.ts'
import type { RegistryClient, ResolvedImage } from '../../../registries/registry-client.ts'
import { isTransient, RegistryError } from '../../../registries/registry-error.ts'
import { type ContainerRuntime, type LocalImage, RuntimeError } from '../../../runtime/container-runtime.ts'
import { ServiceError } from '../../../wire/service-error.ts'
import type { Authorizer } from '../../authorizer.ts'
import type { EcrFacade } from '../../ecr/facade.ts'
import type { IamFacade } from '../../iam/facade.ts'
import type { LambdaFacade } from '../../lambda/facade.ts'
import type { VariantSpec } from '../endpoints/endpoint-spec.ts'
import { BIND_TO_PORT, bindToPortMissing } from '../models/errors.ts'
import type { ResolvedContainer } from '../models/resolved-container.ts'
import { containerName, containerTitle } from './container-names.ts'
import {
  imageDenied,
  imageNotPulled,
  imageNotResolved,
  type LoginSource,
  ROLE_REQUIRED,
  roleNotAssumable,
} from './failure-reason.ts'
import { HostingError } from './hosting-error.ts'
import { requirePull } from './image-access.ts'
import type { ModelStore } from './model-store.ts'
import { fetchRegistryCredentials, type PlatformRegistry, type RegistryCredentials } from './registry-credentials.ts'

export interface PreparationDeps {
  readonly runtime: ContainerRuntime
  readonly registries: RegistryClient
  readonly iam: IamFacade
  readonly lambda: LambdaFacade
  readonly ecr: EcrFacade
  readonly authorizer: Authorizer
  readonly models: ModelStore
  /** What the configuration lists under `registries`, by host. */
  readonly platformRegistries: Readonly<Record<string, PlatformRegistry>>
  /** The engine's architecture, such as amd64. */
  readonly architecture: string
}

/** What every instance of a variant is started from: its containers, in the order of the model. */
export interface PreparedVariant {
  readonly containers: readonly PreparedContainer[]
}

export interface PreparedContainer {
  /** What the engine starts: an image it holds. */
  readonly image: string
  /** `host/repository@sha256:…` */
  readonly resolvedImage: string
  /** The unpacked model on this machine; undefined when the image carries its own. */
  readonly modelDirectory: string | undefined
}

/** The digests that a variant's images were resolved to: all its instances run those, whatever the tags say later. */
export interface ImagePin {
  /** `host/repository@sha256:…` of each container; undefined before the first deployment. */
  read(): Promise<readonly string[] | undefined>
  /** Pins the images unless another worker has been first; returns what they are pinned to. */
  set(resolved: readonly string[]): Promise<readonly string[]>
}

/**
 * Brings images and model data of a variant onto this machine, side by side, everything as the execution role. Throws
 * HostingError; RuntimeError `unreachable` when the engine is away.
 */
export async function prepareVariant(
  deps: PreparationDeps,
  variant: VariantSpec,
  pin: ImagePin,
  signal: AbortSignal,
): Promise<PreparedVariant> {
  const role = await executionRole(deps, variant)
  // What fails first ends the others: nobody wants half of it.
  const failed = new AbortController()
  const all = AbortSignal.any([signal, failed.signal])
  const { containers, modelDataDownloadSeconds: seconds } = variant
  const reader = containers.some(({ modelData }) => modelData !== undefined) ? requireRole(role) : undefined
  const images = prepareImages(deps, variant, pin, role, all)
  const models = containers.map(async ({ modelData, hostname }, position) =>
    modelData === undefined || reader === undefined
      ? undefined
      : deps.models.fetch(modelData, reader, containerName({ hostname }, position), seconds, all),
  )
  try {
    const [prepared, ...directories] = await Promise.all([images, ...models])
    return { containers: prepared.map((image, position) => ({ ...image, modelDirectory: directories[position] })) }
  } catch (error) {
    failed.abort(error)
    await Promise.allSettled([images, ...models])
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

/** An image on its way: where it is, or where it comes from. */
interface FoundImage {
  readonly resolved: string
  readonly present?: LocalImage
  readonly credentials?: RegistryCredentials
}

async function prepareImages(
  deps: PreparationDeps,
  variant: VariantSpec,
  pin: ImagePin,
  role: Principal | undefined,
  signal: AbortSignal,
): Promise<readonly Pick<PreparedContainer, 'image' | 'resolvedImage'>[]> {
  const pinned = await pin.read()
  const found = await Promise.all(
    variant.containers.map((container, position) =>
      findImage(deps, variant, { container, position }, pinned?.[position], role, signal),
    ),
  )
  const resolved = pinned ?? (await pin.set(found.map((image) => image.resolved)))
  return Promise.all(
    found.map(async ({ present, credentials, resolved: own }, position) => {
      const resolvedImage = resolved[position] ?? own
      const local =
        present ??
        (await deps.runtime.findImage(resolvedImage, signal)) ??
        (await pull(deps, variant, position, resolvedImage, credentials, signal))
      requireBindToPort(variant, position, local)
      return { image: local.id, resolvedImage }
    }),
  )
}

/** Of several containers each must listen where it is told; that its image can only shows once it is here. */
function requireBindToPort({ containers }: VariantSpec, position: number, { labels }: LocalImage): void {
  if (containers.length === 1 || labels[BIND_TO_PORT] === 'true') return
  throw new HostingError(bindToPortMissing(containers[position]?.image ?? ''), { transient: false })
}

/** A container of the variant's model, with its place in it. */
interface PlacedContainer {
  readonly container: ResolvedContainer
  readonly position: number
}

async function findImage(
  deps: PreparationDeps,
  variant: VariantSpec,
  { container, position }: PlacedContainer,
  pinned: string | undefined,
  role: Principal | undefined,
  signal: AbortSignal,
): Promise<FoundImage> {
  const wanted = pinned ?? pinnedByPackage(container)
  const own = ownImage(deps, container, wanted)
  if (own !== undefined) await mayPull(deps, variant, position, own, requireRole(role))
  if (pinned !== undefined) {
    const present = await deps.runtime.findImage(pinned, signal)
    if (present !== undefined) return { resolved: pinned, present }
  }
  const source = await imageSource(deps, container, wanted, own, role, signal)
  const { reference } = await resolve(deps, variant, position, source, signal)
  return { resolved: reference, ...(source.credentials !== undefined && { credentials: source.credentials }) }
}

/** Where an image is pulled from, and as whom. */
interface ImageSource {
  readonly reference: string
  readonly credentials: RegistryCredentials | undefined
  readonly login: LoginSource
}

type OwnImage = NonNullable<ReturnType<EcrFacade['locate']>>

/** The image when it lies in this server's own registry, and is not said to lie elsewhere. */
const ownImage = (deps: PreparationDeps, container: ResolvedContainer, image: string): OwnImage | undefined =>
  container.repositoryAccessMode === 'Platform' ? deps.ecr.locate(image) : undefined

async function mayPull(
  { authorizer }: PreparationDeps,
  variant: VariantSpec,
  position: number,
  { repository, reference }: OwnImage,
  role: Principal,
): Promise<void> {
  try {
    await requirePull(authorizer, role, repository)
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    const reason = imageDenied(variant.name, reference, error, containerTitle(variant, position))
    throw new HostingError(reason, { transient: false, cause: error })
  }
}

/** Where an image is pulled from: this server's registry as the execution role, else the one that the image names. */
async function imageSource(
  deps: PreparationDeps,
  container: ResolvedContainer,
  image: string,
  own: OwnImage | undefined,
  role: Principal | undefined,
  signal: AbortSignal,
): Promise<ImageSource> {
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
  position: number,
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
    const reason = imageNotResolved(variant.name, reference, login, error, containerTitle(variant, position))
    throw new HostingError(reason, { transient: isTransient(error), cause: error })
  }
}

async function pull(
  deps: PreparationDeps,
  variant: VariantSpec,
  position: number,
  reference: string,
  credentials: RegistryCredentials | undefined,
  signal: AbortSignal,
): Promise<LocalImage> {
  try {
    return await deps.runtime.pullImage({ reference, ...(credentials === undefined ? {} : { credentials }) }, signal)
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.reason === 'unreachable') throw error
    const transient = error.reason === 'registry-unreachable' || error.reason === 'other'
    const image = variant.containers[position]?.image ?? reference
    const reason = imageNotPulled(variant.name, image, error, containerTitle(variant, position))
    throw new HostingError(reason, { transient, cause: error })
  }
}
