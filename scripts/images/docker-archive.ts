import { createReadStream, createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { type Pack, pack } from 'tar-stream'
import type { Image } from './image.ts'
import type { Layer } from './layer.ts'

/** Writes what `docker load`, `podman load` and `skopeo copy docker-archive:` read. `tag` is `name:tag`. */
export async function writeDockerArchive(image: Image, tag: string, file: string): Promise<void> {
  const config = `${hex(image.configDigest)}.json`
  const manifest = [{ Config: config, RepoTags: [tag], Layers: image.layers.map(layerName) }]
  const archive = pack()
  const written = pipeline(archive, createWriteStream(file))
  const filled = fill(archive, image, config, JSON.stringify(manifest))
  filled.catch((error: Error) => archive.destroy(error))
  await Promise.all([written, filled])
}

async function fill(archive: Pack, image: Image, config: string, manifest: string): Promise<void> {
  archive.entry({ name: config, mtime: new Date(0) }, image.config)
  for (const layer of image.layers) {
    const size = await plainSize(layer)
    const entry = archive.entry({ name: layerName(layer), size, mtime: new Date(0) })
    await pipeline(createReadStream(layer.file), createGunzip(), entry)
  }
  archive.entry({ name: 'manifest.json', mtime: new Date(0) }, manifest)
  archive.finalize()
}

/** A tar header comes before the bytes it counts, so the layer is unzipped twice rather than held. */
async function plainSize(layer: Layer): Promise<number> {
  let size = 0
  for await (const chunk of createReadStream(layer.file).pipe(createGunzip())) size += (chunk as Buffer).length
  return size
}

const hex = (digest: string): string => digest.slice('sha256:'.length)
const layerName = (layer: Layer): string => `${hex(layer.diffId)}/layer.tar`
