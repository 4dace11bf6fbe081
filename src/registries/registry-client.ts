import { type Clock, systemClock } from '../shared/clock.ts'
import { isDigest, matchesDigest, sha256Digest } from './digest.ts'
import type { Hosts } from './host-settings.ts'
import {
  apiHost,
  formatWithDigest,
  type ImageReference,
  manifestReference,
  parseImageReference,
} from './image-reference.ts'
import {
  ACCEPTED_MANIFESTS,
  choosePlatform,
  describePlatforms,
  type ImageManifest,
  imageArchitecture,
  type Platform,
  parseConfiguration,
  parseManifest,
} from './manifest.ts'
import { RegistryError } from './registry-error.ts'
import { openSession, type Session } from './session.ts'
import { type Credentials, createTokenSource } from './token.ts'
import { createTransport } from './transport.ts'

export interface RegistryClientOptions {
  /** Hosts that the configuration names: plain http, further certificate authorities. */
  readonly hosts?: Hosts
  /** Certificate authorities (PEM) trusted for every registry, besides the public ones. */
  readonly extraCa?: string
  readonly clock?: Clock
  /** Default 10 s. */
  readonly connectMilliseconds?: number
  /** Longest silence of a server. Default 20 s. */
  readonly idleMilliseconds?: number
  /** Longest Retry-After that is honoured. Default 10 s. */
  readonly longestRetryMilliseconds?: number
  /** Longest that one image may take to resolve. Default 90 s. */
  readonly totalMilliseconds?: number
}

export interface ResolveOptions {
  /** Used for this call and not kept. */
  readonly credentials?: Credentials | undefined
  /** Engine names of architectures (x86_64, aarch64) are understood. */
  readonly platform: Platform
  readonly signal: AbortSignal
}

/** An image as it is to be run: pinned, for one platform. */
export interface ResolvedImage {
  /** `host/repository@sha256:…` of the platform's own manifest: what the engine pulls, and DescribeEndpoint's ResolvedImage. */
  readonly reference: string
  readonly digest: string
  readonly mediaType: string
  readonly platform: Platform
  readonly labels: Readonly<Record<string, string>>
  /** Bytes to download when nothing of it is present. */
  readonly size: number
}

export interface RegistryClient {
  /**
   * Resolves an image reference to the digest of the manifest for one platform, checking every digest on the way.
   * Throws RegistryError, whose reason tells the causes apart, or the signal's reason.
   */
  resolveImage(reference: string | ImageReference, options: ResolveOptions): Promise<ResolvedImage>
  close(): Promise<void>
}

const MAXIMUM_MANIFEST_BYTES = 4 * 1024 * 1024
const MAXIMUM_CONFIGURATION_BYTES = 8 * 1024 * 1024

/** A client of the Docker Registry HTTP API V2 (and the OCI distribution API), for pulling. */
export function createRegistryClient(options: RegistryClientOptions = {}): RegistryClient {
  const hosts = options.hosts ?? {}
  const transport = createTransport({
    hosts,
    ...(options.extraCa !== undefined && { extraCa: options.extraCa }),
    connectMilliseconds: options.connectMilliseconds ?? 10_000,
    idleMilliseconds: options.idleMilliseconds ?? 20_000,
    longestRetryMilliseconds: options.longestRetryMilliseconds ?? 10_000,
  })
  const tokens = createTokenSource(transport, options.clock ?? systemClock)

  return {
    async resolveImage(reference, { credentials, platform, signal }) {
      const image = typeof reference === 'string' ? parseImageReference(reference) : reference
      if (image === undefined) {
        throw new RegistryError(
          'invalid-reference',
          '',
          'The image is no valid reference: host/repository:tag or @digest.',
        )
      }
      const deadline = AbortSignal.timeout(options.totalMilliseconds ?? 90_000)
      const both = AbortSignal.any([signal, deadline])
      const wanted = { os: platform.os, architecture: imageArchitecture(platform.architecture) }
      try {
        const session = await openSession({ image, credentials, transport, tokens, hosts, signal: both })
        return await resolve(session, image, wanted)
      } catch (error) {
        signal.throwIfAborted()
        if (!deadline.aborted || error instanceof RegistryError) throw error
        const host = apiHost(image)
        throw new RegistryError('unreachable', host, `Unable to reach the registry ${host}: it did not answer in time.`)
      }
    },
    close: () => transport.close(),
  }
}

async function resolve(session: Session, image: ImageReference, wanted: Platform): Promise<ResolvedImage> {
  const { manifest, digest } = await fetchImage(session, image, wanted)
  const configuration = await fetchConfiguration(session, image, manifest)
  const found = `${configuration.os}/${configuration.architecture}`
  if (found !== `${wanted.os}/${wanted.architecture}`) throw wrongArchitecture(image, wanted, printable(found))
  return {
    reference: formatWithDigest(image, digest),
    digest,
    mediaType: manifest.mediaType,
    platform: wanted,
    labels: configuration.labels,
    size: manifest.size,
  }
}

/** The manifest for the platform: the one asked for, or the one that the index asked for names. */
async function fetchImage(session: Session, image: ImageReference, wanted: Platform) {
  const top = await fetchManifest(session, image, manifestReference(image), image.digest)
  if (top.manifest.kind === 'image') return { manifest: top.manifest, digest: top.digest }
  const entry = choosePlatform(top.manifest, wanted)
  if (entry === undefined) throw wrongArchitecture(image, wanted, describePlatforms(top.manifest))
  const { manifest, digest } = await fetchManifest(session, image, entry.digest, entry.digest)
  if (manifest.kind === 'index') throw unsupported(image, manifest.mediaType)
  return { manifest, digest }
}

async function fetchManifest(session: Session, image: ImageReference, reference: string, expected: string | undefined) {
  const host = apiHost(image)
  const response = await session.get(`manifests/${reference}`, ACCEPTED_MANIFESTS, MAXIMUM_MANIFEST_BYTES)
  const { body, headers } = response
  const promised = headers['docker-content-digest']
  if (promised !== undefined && (typeof promised !== 'string' || !isDigest(promised))) {
    throw new RegistryError('protocol', host, `The registry ${host} sent a malformed Docker-Content-Digest.`)
  }
  for (const digest of [promised, expected]) {
    if (digest !== undefined && !matchesDigest(body, digest)) throw digestMismatch(image, 'manifest')
  }
  const contentType = headers['content-type']
  const manifest = parseManifest(body, typeof contentType === 'string' ? contentType : undefined)
  if (manifest === undefined) {
    throw new RegistryError('protocol', host, `The registry ${host} sent a manifest that cannot be read.`)
  }
  if (manifest.kind === 'unsupported') throw unsupported(image, manifest.mediaType)
  return { manifest, digest: expected ?? sha256Digest(body) }
}

async function fetchConfiguration(session: Session, image: ImageReference, manifest: ImageManifest) {
  const { digest, size } = manifest.config
  const host = apiHost(image)
  if (size > MAXIMUM_CONFIGURATION_BYTES) throw unsupported(image, manifest.mediaType)
  const { body } = await session.get(`blobs/${digest}`, '*/*', MAXIMUM_CONFIGURATION_BYTES)
  if (!matchesDigest(body, digest)) throw digestMismatch(image, 'configuration')
  const configuration = parseConfiguration(body)
  if (configuration === undefined) {
    throw new RegistryError('protocol', host, `The configuration of the image ${nameOf(image)} cannot be read.`)
  }
  return configuration
}

const nameOf = (image: ImageReference): string => {
  const name = `${image.host}/${image.repository}`
  return image.digest === undefined ? `${name}:${image.tag ?? 'latest'}` : `${name}@${image.digest}`
}

const digestMismatch = (image: ImageReference, what: string): RegistryError => {
  const message = `The ${what} of the image ${nameOf(image)} does not have the digest it should have.`
  return new RegistryError('digest-mismatch', apiHost(image), message)
}

/** The first sentence of AWS's wording for a manifest it cannot use; its advice is the hosting's to add. */
const unsupported = (image: ImageReference, mediaType: string): RegistryError => {
  const message = `Unsupported manifest media type ${mediaType} for image ${nameOf(image)}.`
  return new RegistryError('unsupported-manifest', apiHost(image), message)
}

const wrongArchitecture = (image: ImageReference, wanted: Platform, found: string): RegistryError => {
  const message = `The image ${nameOf(image)} is not built for ${wanted.os}/${wanted.architecture} but for: ${found}.`
  return new RegistryError('wrong-architecture', apiHost(image), message)
}

const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 60)
