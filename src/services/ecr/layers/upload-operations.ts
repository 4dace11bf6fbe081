import type {
  CompleteLayerUploadRequest,
  CompleteLayerUploadResponse,
  InitiateLayerUploadRequest,
  InitiateLayerUploadResponse,
  UploadLayerPartRequest,
  UploadLayerPartResponse,
} from '../../../model/generated/ecr.ts'
import type { RequestContext } from '../../operation.ts'
import type { EcrDeps } from '../ecr-deps.ts'
import { emptyUpload, invalidParameter, invalidPart, layerExists, partTooSmall } from '../errors.ts'
import { namesOf, requireRepository } from '../repositories/repository-store.ts'
import { isDigest } from './digest-text.ts'
import { findLayer } from './layer-store.ts'
import { appendToUpload, completeUpload } from './receive-layer.ts'
import { readParts, requireUpload, startUpload } from './upload-store.ts'

const MIB = 1024 * 1024
/** What parts ECR asks for, and the least it takes of all but the last. */
const PART_BYTES = 10 * MIB
const LEAST_PART_BYTES = 5 * MIB

export async function initiateLayerUpload(
  deps: EcrDeps,
  input: InitiateLayerUploadRequest,
  context: RequestContext,
): Promise<InitiateLayerUploadResponse> {
  const repository = await requireRepository(deps, context, input)
  return { uploadId: await startUpload(deps, repository), partSize: PART_BYTES }
}

export async function uploadLayerPart(
  deps: EcrDeps,
  input: UploadLayerPartRequest,
  context: RequestContext,
): Promise<UploadLayerPartResponse> {
  const repository = await requireRepository(deps, context, input)
  const { uploadId, partFirstByte: firstByte, partLastByte, layerPartBlob } = input
  const upload = await requireUpload(deps, repository, uploadId)
  if (layerPartBlob.length === 0)
    throw invalidPart(repository, uploadId, upload.size, 'The layer part does not contain any bytes')
  const claim = { firstByte, size: partLastByte - firstByte + 1 }
  const size = await appendToUpload(deps, repository, upload, once(layerPartBlob), claim, context.signal)
  return { ...namesOf(repository), uploadId, lastByteReceived: size - 1 }
}

export async function completeLayerUpload(
  deps: EcrDeps,
  input: CompleteLayerUploadRequest,
  context: RequestContext,
): Promise<CompleteLayerUploadResponse> {
  const repository = await requireRepository(deps, context, input)
  const { uploadId, layerDigests } = input
  const [layerDigest = ''] = layerDigests
  if (layerDigests.length !== 1 || !isDigest(layerDigest))
    throw invalidParameter('layerDigests', "Member must be one digest, 'sha256:' and 64 hexadecimal digits")
  const upload = await requireUpload(deps, repository, uploadId)
  const parts = await readParts(deps, uploadId)
  if (parts.length === 0) throw emptyUpload(uploadId)
  if (parts.slice(0, -1).some((part) => part.size < LEAST_PART_BYTES)) throw partTooSmall(LEAST_PART_BYTES)
  if ((await findLayer(deps.database, repository.id, layerDigest)) !== undefined)
    throw layerExists(repository, layerDigest)
  await completeUpload(deps, repository, upload, layerDigest, undefined, context.signal)
  return { ...namesOf(repository), uploadId, layerDigest }
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}
