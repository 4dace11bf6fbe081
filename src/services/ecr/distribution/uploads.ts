import { ServiceError } from '../../../wire/service-error.ts'
import { isDigest } from '../layers/digest-text.ts'
import { mountLayer } from '../layers/layer-store.ts'
import { appendToUpload, completeUpload, type PartClaim, receiveLayer } from '../layers/receive-layer.ts'
import { cancelUpload, requireUpload, startUpload } from '../layers/upload-store.ts'
import { findRepository } from '../repositories/repository-store.ts'
import { repositoryOfPath } from '../repository-name.ts'
import { digestInvalid, RegistryFault } from './fault.ts'
import { headerOf, queryOf, type RegistryAnswer } from './registry-request.ts'
import { open, question, type RepositoryCall } from './repository-call.ts'

/** POST: begins an upload, receives a blob in one go, or takes one over from another repository. */
export async function postUpload(call: RepositoryCall): Promise<RegistryAnswer> {
  const { deps, request } = call
  const query = queryOf(request)
  const digest = query.get('digest')
  if (digest !== null) {
    const repository = await open(call, 'InitiateLayerUpload', 'UploadLayerPart', 'CompleteLayerUpload')
    if (!isDigest(digest)) throw digestInvalid()
    await receiveLayer(deps, repository, digest, request.body(), request.signal)
    return created(call, digest)
  }
  const repository = await open(call, 'InitiateLayerUpload')
  const mounted = query.get('mount')
  if (mounted !== null && isDigest(mounted) && (await mount(call, mounted, query.get('from') ?? '')))
    return created(call, mounted)
  const id = await startUpload(deps, repository)
  return accepted(call, id, 0)
}

/** PATCH: adds a chunk. */
export async function patchUpload(call: RepositoryCall): Promise<RegistryAnswer> {
  const { deps, request, reference: id } = call
  const repository = await open(call, 'UploadLayerPart')
  const upload = await requireUpload(deps, repository, id)
  const claim = readClaim(call)
  try {
    const size = await appendToUpload(deps, repository, upload, request.body(), claim, request.signal)
    return accepted(call, id, size)
  } catch (error) {
    throw misplaced(call, error, upload.size)
  }
}

/** PUT: completes an upload, with or without a last chunk. */
export async function putUpload(call: RepositoryCall): Promise<RegistryAnswer> {
  const { deps, request, reference: id } = call
  const repository = await open(call, 'CompleteLayerUpload')
  const digest = queryOf(request).get('digest') ?? ''
  if (!isDigest(digest)) throw digestInvalid()
  const upload = await requireUpload(deps, repository, id)
  const { firstByte } = readClaim(call)
  if (firstByte !== undefined && firstByte !== upload.size) throw outOfOrder(call, upload.size)
  // A request that is refused must not be destroyed: it could not be answered.
  const tail = hasBody(call) ? request.body().iterator({ destroyOnReturn: false }) : undefined
  if (tail !== undefined) await deps.authorizer.require(question(call, 'UploadLayerPart'))
  await completeUpload(deps, repository, upload, digest, tail, request.signal)
  return created(call, digest)
}

/** GET: how far an upload has come. */
export async function getUpload(call: RepositoryCall): Promise<RegistryAnswer> {
  const repository = await open(call, 'UploadLayerPart')
  const upload = await requireUpload(call.deps, repository, call.reference)
  return { status: 204, headers: progress(call, upload.id, upload.size) }
}

export async function deleteUpload(call: RepositoryCall): Promise<RegistryAnswer> {
  const repository = await open(call, 'UploadLayerPart')
  await cancelUpload(call.deps, repository, call.reference)
  return { status: 204, headers: {} }
}

/** False when the other repository has no such blob or does not let the caller read it: then it must be pushed. */
async function mount(call: RepositoryCall, digest: string, from: string): Promise<boolean> {
  const { deps, request } = call
  const source = repositoryOfPath(headerOf(request, 'host') ?? '', from)
  if (source === undefined) return false
  const reading = await deps.authorizer.decide(question(call, 'GetDownloadUrlForLayer', source))
  if (!reading.allowed) return false
  const [origin, repository] = await Promise.all([
    findRepository(deps.database, source),
    open(call, 'CompleteLayerUpload'),
  ])
  return origin !== undefined && mountLayer(deps, origin, repository, digest)
}

/** `Content-Range: 0-1023`, both ends counted; some clients write `bytes 0-1023/*`. */
function readClaim({ request }: RepositoryCall): PartClaim {
  const header = headerOf(request, 'content-range')
  if (header === undefined) return {}
  const [, first, last] = /^(?:bytes[ =])?(\d{1,15})-(\d{1,15})(?:\/.*)?$/.exec(header.trim()) ?? []
  const size = Number(last) - Number(first) + 1
  if (first === undefined || size < 1)
    throw new RegistryFault(400, 'BLOB_UPLOAD_INVALID', 'Content-Range is not well formed: <first>-<last>')
  return { firstByte: Number(first), size }
}

const hasBody = ({ request }: RepositoryCall): boolean =>
  headerOf(request, 'transfer-encoding') !== undefined || Number(headerOf(request, 'content-length') ?? 0) > 0

/** The refusal of a chunk, with what a client needs to go on. */
function misplaced(call: RepositoryCall, error: unknown, size: number): unknown {
  return error instanceof ServiceError && error.code === 'InvalidLayerPartException' ? outOfOrder(call, size) : error
}

const outOfOrder = (call: RepositoryCall, size: number): RegistryFault =>
  new RegistryFault(
    416,
    'BLOB_UPLOAD_INVALID',
    `The chunk is not what comes next: the upload has ${size} bytes`,
    progress(call, call.reference, size),
  )

const created = ({ path }: RepositoryCall, digest: string): RegistryAnswer => ({
  status: 201,
  headers: { Location: `/v2/${path}/blobs/${digest}`, 'Docker-Content-Digest': digest },
})

const accepted = (call: RepositoryCall, id: string, size: number): RegistryAnswer => ({
  status: 202,
  headers: progress(call, id, size),
})

const progress = ({ path }: RepositoryCall, id: string, size: number): Record<string, string> => ({
  Location: `/v2/${path}/blobs/uploads/${id}`,
  Range: `0-${Math.max(0, size - 1)}`,
  'Docker-Upload-UUID': id,
})
