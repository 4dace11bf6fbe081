import type { Readable } from 'node:stream'
import { z } from 'zod'
import type { EcrDeps } from '../ecr-deps.ts'
import { findLayer } from '../layers/layer-store.ts'
import { findRepository } from '../repositories/repository-store.ts'
import type { RepositoryName } from '../repository-name.ts'
import { findWholeImage, type ImageName } from './image-store.ts'
import { isIndex, platformEntries } from './manifest-document.ts'

type Labels = Readonly<Record<string, string>>

/** Configurations have some KB; one that is larger is not looked into. */
const MAX_CONFIG_BYTES = 1024 * 1024

const manifest = z.object({ config: z.object({ digest: z.string() }) })
const configuration = z.object({ config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }).nullish() })

/** The labels of an image, one record for each platform that it is for. Empty when that cannot be told. */
export async function imageLabels(
  deps: Pick<EcrDeps, 'database' | 'blobs'>,
  name: RepositoryName,
  image: ImageName,
): Promise<readonly Labels[]> {
  const repository = await findRepository(deps.database, name)
  if (repository === undefined) return []
  const found = await findWholeImage(deps.database, repository.id, image)
  if (found === undefined) return []
  if (!isIndex(found.media_type)) return labelsOf(deps, repository.id, found.manifest)
  const labels: Labels[] = []
  for (const { digest } of platformEntries(found.manifest)) {
    const one = await findWholeImage(deps.database, repository.id, { digest, tag: undefined })
    if (one !== undefined && !isIndex(one.media_type))
      labels.push(...(await labelsOf(deps, repository.id, one.manifest)))
  }
  return labels
}

async function labelsOf(
  { database, blobs }: Pick<EcrDeps, 'database' | 'blobs'>,
  repositoryId: string,
  text: string,
): Promise<readonly Labels[]> {
  const read = manifest.safeParse(parse(text))
  if (!read.success) return []
  const layer = await findLayer(database, repositoryId, read.data.config.digest)
  if (layer === undefined || layer.size > MAX_CONFIG_BYTES) return []
  const config = configuration.safeParse(parse(await textOf(await blobs.read(layer.blob_id))))
  return config.success ? [config.data.config?.Labels ?? {}] : []
}

async function textOf(stream: Readable): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of stream) parts.push(part as Buffer)
  return Buffer.concat(parts).toString()
}

/** What was pushed as a configuration may be anything. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
