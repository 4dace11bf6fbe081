import type { Readable } from 'node:stream'
import { BlobTooLargeError, type WrittenBlob } from '../../../storage/blobs/blob-store.ts'
import type { Statement } from '../../../storage/database.ts'
import type { RepositoryRow, UploadPartRow, UploadRow } from '../../../storage/schema/ecr.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { EcrDeps } from '../ecr-deps.ts'
import { invalidLayer, invalidPart, layerTooLarge, tooManyParts, uploadNotFound } from '../errors.ts'
import { digestText } from './digest-text.ts'
import { holdReceived } from './layer-store.ts'
import { readParts, removePartBlobs } from './upload-store.ts'

/** ECR's own quota, 52,000 MiB. */
const LARGEST_LAYER = 52_000 * 1024 * 1024
const MOST_PARTS = 10_000

type Source = AsyncIterable<Uint8Array>

/** Where the caller says that a part begins, and how long it is. */
export interface PartClaim {
  readonly firstByte?: number
  readonly size?: number
}

/** Receives a layer in one go. Nothing of it is kept unless it has this digest. Returns its size in bytes. */
export async function receiveLayer(
  deps: EcrDeps,
  repository: RepositoryRow,
  digest: string,
  source: Source,
  signal: AbortSignal,
): Promise<number> {
  const blob = await write(deps, source, LARGEST_LAYER, requireDigest(digest), signal)
  return keep(deps, repository, blob, [])
}

/** Adds bytes to an upload, all of them or none. Returns how many it holds then. */
export async function appendToUpload(
  deps: EcrDeps,
  repository: RepositoryRow,
  upload: UploadRow,
  source: Source,
  claim: PartClaim,
  signal: AbortSignal,
): Promise<number> {
  const { id, size: before } = upload
  const misplaced = (message: string) => invalidPart(repository, id, before, message)
  const elsewhere = `The part does not begin where the upload ends, at byte ${before}`
  if (claim.firstByte !== undefined && claim.firstByte !== before) throw misplaced(elsewhere)
  if (upload.part_count >= MOST_PARTS) throw tooManyParts(MOST_PARTS)
  const checkSize = ({ size }: { readonly size: number }) => {
    if (claim.size !== undefined && size !== claim.size)
      throw misplaced(`The part has ${size} bytes, and not the ${claim.size} of its range`)
  }
  const part = await write(deps, source, LARGEST_LAYER - before, checkSize, signal)
  if (part.size === 0) {
    await deps.blobs.remove(part.blobId)
    return before
  }
  const { query } = deps.database
  const row: UploadPartRow = {
    upload_id: id,
    first_byte: before,
    size: part.size,
    blob_id: part.blobId,
    digest: part.digest,
  }
  const grown = {
    size: before + part.size,
    part_count: upload.part_count + 1,
    touched_at: deps.clock.now(),
  }
  await dropUnlessCommitted(deps, part.blobId, [
    statement(
      query.updateTable('ecr_uploads').set(grown).where('id', '=', id).where('size', '=', before),
      one(() => misplaced(elsewhere)),
    ),
    statement(query.insertInto('ecr_upload_parts').values(row)),
  ])
  return grown.size
}

/** Makes an upload, and bytes that come last, the layer of this digest. Returns its size in bytes. */
export async function completeUpload(
  deps: EcrDeps,
  repository: RepositoryRow,
  upload: UploadRow,
  digest: string,
  tail: Source | undefined,
  signal: AbortSignal,
): Promise<number> {
  const { query } = deps.database
  const parts = await readParts(deps, upload.id)
  const [only] = parts
  const whole = parts.length === 1 && tail === undefined ? only : undefined
  if (whole !== undefined && whole.digest !== digest) throw invalidLayer(digest, whole.digest)
  const blob =
    whole === undefined
      ? await write(deps, joined(deps, parts, tail), LARGEST_LAYER, requireDigest(digest), signal)
      : { blobId: whole.blob_id, size: whole.size }
  const size = await keep(deps, repository, { ...blob, digest, received: whole === undefined }, [
    statement(
      query.deleteFrom('ecr_uploads').where('id', '=', upload.id).where('size', '=', upload.size),
      one(() => uploadNotFound(repository, upload.id)),
    ),
    statement(query.deleteFrom('ecr_upload_parts').where('upload_id', '=', upload.id)),
  ])
  if (whole === undefined)
    await removePartBlobs(
      deps,
      parts.map((part) => part.blob_id),
    )
  return size
}

async function* joined(deps: EcrDeps, parts: readonly UploadPartRow[], tail: Source | undefined): Source {
  for (const part of parts) yield* (await deps.blobs.read(part.blob_id)) as Readable & Source
  if (tail !== undefined) yield* tail
}

type Written = WrittenBlob<'SHA256'>

const requireDigest = (digest: string) => (written: Written) => {
  const actual = digestText(written.digests.SHA256)
  if (actual !== digest) throw invalidLayer(digest, actual)
}

async function write(
  deps: EcrDeps,
  source: Source,
  maxBytes: number,
  check: (written: Written) => void,
  signal: AbortSignal,
): Promise<{ blobId: string; size: number; digest: string }> {
  try {
    const { blobId, size, digests } = await deps.blobs.write(source, { digests: ['SHA256'], maxBytes, check, signal })
    return { blobId, size, digest: digestText(digests.SHA256) }
  } catch (error) {
    throw error instanceof BlobTooLargeError ? layerTooLarge(LARGEST_LAYER) : error
  }
}

/** Commits that the repository holds the layer. Of several who bring the same bytes, the first one's stay. */
async function keep(
  deps: EcrDeps,
  repository: RepositoryRow,
  layer: { readonly digest: string; readonly size: number; readonly blobId: string; readonly received?: boolean },
  more: readonly Statement[],
): Promise<number> {
  const { digest, size, blobId } = layer
  const unit = [...more, ...holdReceived(deps.database, repository, { digest, size, blobId }, deps.clock.now())]
  if (layer.received === false) await deps.database.commit(unit)
  else await dropUnlessCommitted(deps, blobId, unit)
  const kept = await deps.database.query
    .selectFrom('ecr_blobs')
    .select('blob_id')
    .where('digest', '=', digest)
    .executeTakeFirst()
  if (kept !== undefined && kept.blob_id !== blobId) await removePartBlobs(deps, [blobId])
  return size
}

async function dropUnlessCommitted(deps: EcrDeps, blobId: string, unit: readonly Statement[]): Promise<void> {
  try {
    await deps.database.commit(unit)
  } catch (error) {
    await removePartBlobs(deps, [blobId])
    throw error
  }
}
