import { z } from 'zod'
import { invalidManifest } from '../errors.ts'
import { isDigest } from '../layers/digest-text.ts'

const DOCKER_IMAGE = 'application/vnd.docker.distribution.manifest.v2+json'
const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json'
const OCI_IMAGE = 'application/vnd.oci.image.manifest.v1+json'
const OCI_INDEX = 'application/vnd.oci.image.index.v1+json'

const KINDS: Readonly<Record<string, 'image' | 'index'>> = {
  [DOCKER_IMAGE]: 'image',
  [OCI_IMAGE]: 'image',
  [DOCKER_LIST]: 'index',
  [OCI_INDEX]: 'index',
}

/** ECR's quota of layers in a manifest; of manifests in an index there are far fewer. */
const MOST_PARTS = 4_200
/** Layers that are fetched from elsewhere, by law or by size: a registry need not hold them. */
const FOREIGN = /(?:\.foreign\.|nondistributable)/

/** A part of a manifest, as a row refers to it. */
export interface ManifestPart {
  readonly digest: string
  readonly size: number
  readonly kind: 'layer' | 'image'
}

/** What the registry needs to know of a manifest. */
export interface Manifest {
  readonly mediaType: string
  readonly configMediaType: string | undefined
  readonly artifactType: string | undefined
  readonly subject: string | undefined
  readonly annotations: Readonly<Record<string, string>> | undefined
  /** Each once; without those that are fetched from elsewhere. */
  readonly parts: readonly ManifestPart[]
}

/** The manifest of one platform in an index. */
export interface PlatformEntry {
  readonly digest: string
  readonly mediaType: string
  readonly os: string
  readonly architecture: string
}

const size = z.int().nonnegative()
// Printable, so that any database holds it.
const text = z.string().regex(/^[\x20-\x7e]{0,255}$/)
const descriptor = z.object({
  mediaType: text.optional(),
  digest: z.string().refine(isDigest, 'must be sha256: and 64 hexadecimal digits'),
  size,
  urls: z.array(z.string()).optional(),
})
const annotations = z.record(z.string(), z.string()).nullish()
// What a subject's digest is made with is the pusher's affair: it is never looked up.
const subject = z
  .object({ digest: z.string().regex(/^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]{1,200}$/), size })
  .nullish()
const common = {
  schemaVersion: z.literal(2),
  mediaType: text.optional(),
  artifactType: text.optional(),
  annotations,
  subject,
}
const image = z.object({ ...common, config: descriptor, layers: z.array(descriptor).max(MOST_PARTS) })
const platform = z.object({ os: text.optional(), architecture: text.optional() }).nullish()
const index = z.object({ ...common, manifests: z.array(descriptor.extend({ platform })).max(MOST_PARTS) })

/**
 * Reads a manifest.
 * @param mediaType what the pusher says it is; the manifest itself may say it instead
 * @throws InvalidParameterException
 */
export function readManifest(bytes: Uint8Array, mediaType: string | undefined): Manifest {
  const json = parse(bytes)
  const named = typeof json.mediaType === 'string' ? json.mediaType : undefined
  const type = mediaType ?? named
  if (type === undefined) throw invalidManifest('neither the manifest nor the request names its media type')
  if (named !== undefined && named !== type)
    throw invalidManifest(`the manifest says it is ${short(named)}, the request says ${short(type)}`)
  const kind = Object.hasOwn(KINDS, type) ? KINDS[type] : undefined
  if (kind === undefined) throw invalidManifest(`manifests of type ${short(type)} are not supported`)
  // Read as the one by some and as the other by others, it would be two images under one digest.
  if ('layers' in json && 'manifests' in json) throw invalidManifest('it has layers and manifests')
  return kind === 'image' ? imageManifest(json, type) : indexManifest(json, type)
}

/** The entries of an index that say what they run on. */
export function platformEntries(manifest: string): PlatformEntry[] {
  return index
    .parse(JSON.parse(manifest))
    .manifests.flatMap(({ digest, mediaType, platform: on }) =>
      on?.os === undefined || on.architecture === undefined || mediaType === undefined
        ? []
        : [{ digest, mediaType, os: on.os, architecture: on.architecture }],
    )
}

export const isIndex = (mediaType: string): boolean => KINDS[mediaType] === 'index'

function imageManifest(json: object, mediaType: string): Manifest {
  const { config, layers, ...rest } = checked(image, json)
  const own = layers.filter((layer) => !(layer.urls?.length && FOREIGN.test(layer.mediaType ?? '')))
  return {
    mediaType,
    configMediaType: config.mediaType,
    artifactType: rest.artifactType || config.mediaType,
    subject: rest.subject?.digest,
    annotations: rest.annotations ?? undefined,
    parts: once([config, ...own], 'layer'),
  }
}

function indexManifest(json: object, mediaType: string): Manifest {
  const { manifests, ...rest } = checked(index, json)
  return {
    mediaType,
    configMediaType: undefined,
    artifactType: rest.artifactType || undefined,
    subject: rest.subject?.digest,
    annotations: rest.annotations ?? undefined,
    parts: once(manifests, 'image'),
  }
}

function once(descriptors: readonly z.output<typeof descriptor>[], kind: ManifestPart['kind']): ManifestPart[] {
  const parts = new Map<string, ManifestPart>()
  for (const { digest, size: bytes } of descriptors) {
    const known = parts.get(digest)
    if (known !== undefined && known.size !== bytes) throw invalidManifest(`${digest} is given two sizes`)
    parts.set(digest, { digest, size: bytes, kind })
  }
  return [...parts.values()]
}

function parse(bytes: Uint8Array): Record<string, unknown> {
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch {
    throw invalidManifest('it is no JSON')
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw invalidManifest('it is no JSON object')
  return json as Record<string, unknown>
}

function checked<Schema extends z.ZodType>(schema: Schema, json: object): z.output<Schema> {
  const result = schema.safeParse(json)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw invalidManifest(`${short(issue?.path.join('.') ?? '')}: ${issue?.message ?? 'malformed'}`)
}

const short = (value: string): string => value.replace(/[^\x20-\x7e]/g, '?').slice(0, 100)
