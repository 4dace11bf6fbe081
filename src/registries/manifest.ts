import { z } from 'zod'
import { isDigest } from './digest.ts'

export interface Platform {
  readonly os: string
  /** As images name it: amd64, arm64. */
  readonly architecture: string
}

const IMAGES = new Set([
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
])
const INDEXES = new Set([
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.index.v1+json',
])
const CONFIGURATIONS = new Set([
  'application/vnd.docker.container.image.v1+json',
  'application/vnd.oci.image.config.v1+json',
])

/** What is sent as Accept when a manifest is asked for. */
export const ACCEPTED_MANIFESTS = [...IMAGES, ...INDEXES].join(', ')

const descriptor = z.object({
  mediaType: z.string().optional(),
  digest: z.string().refine(isDigest),
  size: z.int().nonnegative(),
})

const imageManifest = z.object({
  mediaType: z.string().optional(),
  config: descriptor,
  layers: z.array(descriptor).max(10_000),
})

const platform = z.object({ os: z.string(), architecture: z.string(), variant: z.string().optional() })
const imageIndex = z.object({
  manifests: z.array(descriptor.extend({ platform: platform.optional() })).max(10_000),
})

const configuration = z.object({
  os: z.string().optional(),
  architecture: z.string().optional(),
  config: z
    .object({ Labels: z.record(z.string(), z.string()).nullish(), Entrypoint: z.array(z.string()).nullish() })
    .nullish(),
})

export interface ImageManifest {
  readonly kind: 'image'
  readonly mediaType: string
  readonly config: { readonly digest: string; readonly size: number }
  /** Bytes to fetch: the layers and the configuration, as compressed. */
  readonly size: number
}

export interface IndexEntry {
  readonly digest: string
  readonly platform: z.output<typeof platform> | undefined
}

export interface ImageIndex {
  readonly kind: 'index'
  readonly mediaType: string
  readonly entries: readonly IndexEntry[]
}

/** Something that is well formed enough to be named, but is no image that an engine could run. */
export interface UnsupportedManifest {
  readonly kind: 'unsupported'
  readonly mediaType: string
}

/** Reads a manifest; undefined when the bytes are no JSON object of the promised type. */
export function parseManifest(
  bytes: Uint8Array,
  contentType: string | undefined,
): ImageManifest | ImageIndex | UnsupportedManifest | undefined {
  const json = parseJson(bytes)
  if (typeof json !== 'object' || json === null) return undefined
  const named = 'mediaType' in json && typeof json.mediaType === 'string' ? json.mediaType : undefined
  const mediaType = mediaTypeOf(contentType) ?? named ?? ''
  // The two must agree: a body that can be read both ways could pass here as one image and be pulled as another.
  if (named !== undefined && named !== mediaType) return undefined
  if (INDEXES.has(mediaType)) {
    const index = imageIndex.safeParse(json)
    if (!index.success || 'layers' in json) return undefined
    return {
      kind: 'index',
      mediaType,
      entries: index.data.manifests.map(({ digest, platform }) => ({ digest, platform })),
    }
  }
  if (!IMAGES.has(mediaType)) return { kind: 'unsupported', mediaType: printable(mediaType) }
  const image = imageManifest.safeParse(json)
  if (!image.success || 'manifests' in json) return undefined
  const { config, layers } = image.data
  if (config.mediaType === undefined || !CONFIGURATIONS.has(config.mediaType)) {
    return { kind: 'unsupported', mediaType: printable(config.mediaType ?? mediaType) }
  }
  const size = layers.reduce((sum, layer) => sum + layer.size, config.size)
  return { kind: 'image', mediaType, config: { digest: config.digest, size: config.size }, size }
}

/**
 * The entry to run on `wanted`; attestations (unknown/unknown) are none. Of several variants of an architecture the
 * most general one is taken: amd64 without a variant, arm64 without one or v8.
 */
export function choosePlatform(index: ImageIndex, wanted: Platform): IndexEntry | undefined {
  const fitting = index.entries.filter(
    ({ platform }) => platform?.os === wanted.os && platform.architecture === wanted.architecture,
  )
  const general = new Set([undefined, '', 'v1', 'v8'])
  return fitting.find(({ platform }) => general.has(platform?.variant)) ?? fitting[0]
}

/** `linux/amd64, linux/arm64`: what an index offers, for an error message. */
export function describePlatforms(index: ImageIndex): string {
  const names = index.entries.flatMap(({ platform }) =>
    platform === undefined || platform.os === 'unknown' ? [] : `${platform.os}/${platform.architecture}`,
  )
  const listed = [...new Set(names)].slice(0, 10).map(printable).join(', ')
  return listed === '' ? 'none' : listed
}

export interface ImageConfiguration {
  readonly os: string
  readonly architecture: string
  readonly labels: Readonly<Record<string, string>>
}

/** Reads an image's configuration blob; undefined when it is none. */
export function parseConfiguration(bytes: Uint8Array): ImageConfiguration | undefined {
  const parsed = configuration.safeParse(parseJson(bytes))
  if (!parsed.success) return undefined
  const { os = 'linux', architecture = '', config } = parsed.data
  return { os, architecture, labels: config?.Labels ?? {} }
}

/** An engine says x86_64 and aarch64 where images say amd64 and arm64. */
export function imageArchitecture(machine: string): string {
  if (machine === 'x86_64' || machine === 'x64') return 'amd64'
  return machine === 'aarch64' || machine === 'arm64v8' ? 'arm64' : machine
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}

/** The type without its parameters; registries that know none say text/plain or octet-stream. */
function mediaTypeOf(contentType: string | undefined): string | undefined {
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase()
  const vague = ['', 'application/json', 'application/octet-stream', 'text/plain']
  return type === undefined || vague.includes(type) ? undefined : type
}

const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 120)
