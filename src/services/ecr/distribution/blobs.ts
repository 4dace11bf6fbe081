import { none, statement } from '../../../storage/statement.ts'
import { LINK_PARAMETER, opensLink } from '../authorization/download-link.ts'
import type { EcrDeps } from '../ecr-deps.ts'
import { repositoryNotFound } from '../errors.ts'
import { isDigest } from '../layers/digest-text.ts'
import { findLayer, findLayerToKeep, type HeldLayer, releaseLayer } from '../layers/layer-store.ts'
import { findRepository } from '../repositories/repository-store.ts'
import type { RepositoryName } from '../repository-name.ts'
import { parseRange } from './blob-range.ts'
import { blobUnknown, digestInvalid, RegistryFault } from './fault.ts'
import { headerOf, queryOf, type RegistryAnswer, type RegistryRequest } from './registry-request.ts'
import { open, type RepositoryCall } from './repository-call.ts'

/** HEAD: what a client asks who is about to push. */
export async function headBlob(call: RepositoryCall): Promise<RegistryAnswer> {
  const repository = await open(call, 'BatchCheckLayerAvailability')
  if (!isDigest(call.reference)) throw digestInvalid()
  const layer = await findLayerToKeep(call.deps, repository.id, call.reference)
  if (layer === undefined) throw blobUnknown(call.reference)
  return { status: 200, headers: { ...headersOf(layer), 'Content-Length': String(layer.size) } }
}

export async function getBlob(call: RepositoryCall): Promise<RegistryAnswer> {
  const repository = await open(call, 'GetDownloadUrlForLayer')
  if (!isDigest(call.reference)) throw digestInvalid()
  return read(call.deps, call.request, repository.id, call.reference)
}

/** A link of GetDownloadUrlForLayer, followed; undefined when the request carries none that opens this layer. */
export async function followLink(
  deps: EcrDeps,
  request: RegistryRequest,
  named: RepositoryName,
  digest: string,
): Promise<RegistryAnswer | undefined> {
  const seal = request.query === '' ? null : queryOf(request).get(LINK_PARAMETER)
  if (seal === null || !opensLink(deps.box, seal, named, digest, request.now)) return undefined
  const repository = await findRepository(deps.database, named)
  if (repository === undefined) throw repositoryNotFound(named)
  return read(deps, request, repository.id, digest)
}

/** A blob of an image stays: without it the image would be broken. */
export async function deleteBlob(call: RepositoryCall): Promise<RegistryAnswer> {
  const { deps, reference: digest } = call
  const repository = await open(call, 'BatchDeleteImage')
  if (!isDigest(digest)) throw digestInvalid()
  const used = deps.database.query
    .selectFrom('ecr_image_parts')
    .select('image_digest')
    .where('repository_id', '=', repository.id)
    .where('part_digest', '=', digest)
    .where('kind', '=', 'layer')
    .limit(1)
  const inUse = () =>
    new RegistryFault(405, 'UNSUPPORTED', 'An image of the repository needs the blob', { Allow: 'GET, HEAD' })
  const [release, letGo] = releaseLayer(deps.database, repository.id, digest, deps.clock.now())
  const [, , gone] = await deps.database.commit([statement(used, none(inUse)), release, letGo])
  if (gone?.affected !== 1) throw blobUnknown(digest)
  return { status: 202, headers: {} }
}

async function read(
  deps: EcrDeps,
  request: RegistryRequest,
  repositoryId: string,
  digest: string,
): Promise<RegistryAnswer> {
  const layer = await findLayer(deps.database, repositoryId, digest)
  if (layer === undefined) throw blobUnknown(digest)
  const headers = headersOf(layer)
  if (headerOf(request, 'if-none-match')?.includes(digest)) return { status: 304, headers }
  const range = parseRange(headerOf(request, 'range'), layer.size)
  if (range === 'unsatisfiable')
    return { status: 416, headers: { ...headers, 'Content-Range': `bytes */${layer.size}` }, body: '' }
  if (range === 'whole') {
    const body = await deps.blobs.read(layer.blob_id)
    return { status: 200, headers: { ...headers, 'Content-Length': String(layer.size) }, body }
  }
  const { start, end } = range
  const body = await deps.blobs.read(layer.blob_id, range)
  return {
    status: 206,
    headers: {
      ...headers,
      'Content-Length': String(end - start + 1),
      'Content-Range': `bytes ${start}-${end}/${layer.size}`,
    },
    body,
  }
}

const headersOf = ({ digest }: HeldLayer): Record<string, string> => ({
  'Content-Type': 'application/octet-stream',
  'Docker-Content-Digest': digest,
  'Accept-Ranges': 'bytes',
  ETag: `"${digest}"`,
})
