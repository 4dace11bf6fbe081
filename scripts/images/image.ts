import { createHash } from 'node:crypto'
import type { Layer } from './layer.ts'

/** What an image says about itself, in the words of a Dockerfile. */
export interface ImageSettings {
  /** Default `amd64`; `arm64` and the like are only claimed, nothing is compiled. */
  readonly architecture?: string
  readonly entrypoint?: readonly string[]
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly labels?: Readonly<Record<string, string>>
  readonly user?: string
  readonly workingDirectory?: string
}

/** An image ready to be pushed or archived. */
export interface Image {
  readonly config: Buffer
  readonly configDigest: string
  readonly manifest: Buffer
  readonly mediaType: string
  /** Digest of the manifest: what follows the `@` of a reference. */
  readonly digest: string
  readonly layers: readonly Layer[]
}

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json'
const CONFIG = 'application/vnd.docker.container.image.v1+json'
const LAYER = 'application/vnd.docker.image.rootfs.diff.tar.gzip'

/** Joins layers and settings. Images that differ only in settings share their layers' files. */
export function composeImage(layers: readonly Layer[], settings: ImageSettings): Image {
  const config = json({
    architecture: settings.architecture ?? 'amd64',
    os: 'linux',
    created: '1970-01-01T00:00:00Z',
    config: {
      Env: Object.entries({ PATH: '/usr/local/bin:/usr/bin:/bin', ...settings.environment }).map(
        ([k, v]) => `${k}=${v}`,
      ),
      Entrypoint: settings.entrypoint,
      Cmd: settings.command,
      Labels: settings.labels,
      User: settings.user,
      WorkingDir: settings.workingDirectory,
      ExposedPorts: { '8080/tcp': {} },
    },
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
    history: layers.map(() => ({ created: '1970-01-01T00:00:00Z', created_by: 'slipway' })),
  })
  const manifest = json({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: { mediaType: CONFIG, size: config.length, digest: sha256(config) },
    layers: layers.map((layer) => ({ mediaType: LAYER, size: layer.size, digest: layer.digest })),
  })
  return { config, configDigest: sha256(config), manifest, mediaType: MANIFEST, digest: sha256(manifest), layers }
}

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
const sha256 = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
