import type { Readable } from 'node:stream'
import type { SealedBox } from '../../../shared/sealed-box.ts'
import {
  type BlobStore,
  BlobTooLargeError,
  type WriteOptions,
  type WrittenBlob,
} from '../../../storage/blobs/blob-store.ts'
import type { DigestName } from '../../../storage/blobs/digests.ts'
import { StorageUnavailableError } from '../../../storage/errors.ts'
import {
  type ChecksumAlgorithm,
  type ChecksumMembers,
  checksumAlgorithm,
  DEFAULT_ALGORITHM,
  isWellFormed,
  multipleChecksums,
  type NamedChecksum,
  statedChecksum,
  toBase64,
} from '../checksums/checksum.ts'
import { newBlobKey, sealBlobKey } from '../encryption/blob-key.ts'
import { badChecksum, badContentMd5, entityTooLarge, invalidDigest, invalidRequest } from '../errors.ts'
import type { S3Deps } from '../s3-deps.ts'
import type { Slice } from './slice-store.ts'
import { sealSmall } from './small-content.ts'
import { takeBody } from './take-body.ts'
import { trailingChecksum } from './trailing-checksum.ts'

/** The most that one PutObject or UploadPart takes: 5 GiB. */
export const MAX_BODY_BYTES = 5 * 1024 ** 3

/** What a request says about the body that comes with it. */
export type BodyClaims = ChecksumMembers & { readonly ContentMD5?: string; readonly ChecksumAlgorithm?: string }

export interface ReceivedContent {
  /** Undefined for an empty body, which takes no blob. */
  readonly blobId: string | undefined
  /** All of the blob, sealed, when it is small and goes with its slice; null: it is a file. */
  readonly sealed: Uint8Array | null
  /** The blob's key, sealed with the box. */
  readonly sealedKey: string | null
  readonly size: number
  /** The MD5 in hex, as entity tags are. */
  readonly md5: string
  /** The algorithm the caller chose, if any. */
  readonly chosen: ChecksumAlgorithm | undefined
  /** The checksum by the caller's algorithm and by each that was asked for besides. */
  readonly checksums: Readonly<Partial<Record<ChecksumAlgorithm, string>>>
}

/**
 * Takes a body in, encrypted, and holds it against what the request claims of it. When it resolves, the bytes are durable in
 * the blob store or, if there are few of them, will be with their slice; when it rejects, nothing is left of them. A body that
 * breaks rejects with its own error.
 *
 * @param options.box seals the key that the bytes are encrypted with
 * @param options.required algorithms that the caller of this function needs; the default one if nobody names any
 */
export async function receiveContent(
  deps: Pick<S3Deps, 'blobs' | 'inlineBytes'>,
  body: Readable | Uint8Array | undefined,
  claims: BodyClaims,
  options: { readonly box: SealedBox; readonly required?: ChecksumAlgorithm; readonly signal?: AbortSignal },
): Promise<ReceivedContent> {
  const md5 = claimedMd5(claims.ContentMD5)
  const stated = statedChecksum(claims)
  if (stated !== undefined) checkForm(stated)
  const trailing = trailingChecksum(body)
  if (trailing !== undefined && stated !== undefined) throw multipleChecksums()
  const chosen = stated?.algorithm ?? trailing?.algorithm ?? checksumAlgorithm(claims.ChecksumAlgorithm)
  const algorithms = [...new Set([chosen, options.required].filter((name) => name !== undefined))]
  if (algorithms.length === 0) algorithms.push(DEFAULT_ALGORITHM)

  const check = ({ digests }: WrittenBlob<'MD5' | ChecksumAlgorithm>) => {
    if (md5 !== undefined && !md5.equals(digests.MD5)) {
      throw badContentMd5(claims.ContentMD5 ?? '', toBase64(digests.MD5))
    }
    const claimed = stated ?? trailing?.arrived()
    if (claimed !== undefined && claimed.value !== toBase64(digests[claimed.algorithm])) {
      throw badChecksum(claimed.algorithm)
    }
    options.signal?.throwIfAborted()
  }
  const key = newBlobKey()
  const how = { digests: ['MD5', ...algorithms], check, key } as const
  const taken = await takeBody(body, deps.inlineBytes, options.signal)
  const written = 'bytes' in taken ? sealSmall(taken.bytes, how) : await writeBlob(deps.blobs, taken.source, how)
  const { blobId, size } = written
  return {
    blobId: size === 0 ? undefined : blobId,
    sealed: written.sealed ?? null,
    sealedKey: size === 0 ? null : sealBlobKey(options.box, blobId, { key, size }),
    size,
    md5: Buffer.from(written.digests.MD5).toString('hex'),
    chosen,
    checksums: Object.fromEntries(algorithms.map((name) => [name, toBase64(written.digests[name])])),
  }
}

async function writeBlob<D extends DigestName>(
  blobs: BlobStore,
  source: AsyncIterable<Uint8Array>,
  options: WriteOptions<D>,
): Promise<WrittenBlob<D> & { readonly blobId: string; readonly sealed?: undefined }> {
  try {
    return await blobs.write(source, { ...options, maxBytes: MAX_BODY_BYTES })
  } catch (error) {
    throw error instanceof BlobTooLargeError ? entityTooLarge(MAX_BODY_BYTES) : error
  }
}

function checkForm(stated: NamedChecksum): void {
  if (isWellFormed(stated)) return
  throw invalidRequest(`Value for x-amz-checksum-${stated.algorithm.toLowerCase()} header is invalid.`)
}

function claimedMd5(header: string | undefined): Buffer | undefined {
  if (header === undefined) return undefined
  const digest = Buffer.from(header, 'base64')
  if (digest.length !== 16 || digest.toString('base64') !== header.trim()) throw invalidDigest(header)
  return digest
}

/**
 * Removes what was received, if anything was, when the unit of work that was to refer to it has failed, and passes the error on. A
 * database that was lost on the way may have committed it: then the bytes stay, and are swept if nothing refers to them.
 */
export async function dropUnlessCommitted<T>(
  deps: Pick<S3Deps, 'blobs'>,
  content: ReceivedContent | undefined,
  commit: Promise<T>,
): Promise<T> {
  try {
    return await commit
  } catch (error) {
    const rolledBack = !(error instanceof StorageUnavailableError)
    if (rolledBack && content !== undefined) await dropContent(deps, content)
    throw error
  }
}

/** Removes what was received and will not be referred to. What cannot be removed now is an orphan, and swept as one. */
export async function dropContent(deps: Pick<S3Deps, 'blobs'>, content: ReceivedContent): Promise<void> {
  if (content.blobId !== undefined && content.sealed === null) await deps.blobs.remove(content.blobId).catch(() => {})
}

/** The slices of received content. A part keeps its checksum with them, even when it is empty. */
export const slicesOf = (content: ReceivedContent, partNumber: number, partChecksum: string | null): Slice[] =>
  content.blobId === undefined && partChecksum === null
    ? []
    : [
        {
          blobId: content.blobId ?? '',
          offset: 0,
          size: content.size,
          partNumber,
          partChecksum,
          sealedKey: content.sealedKey,
          content: content.sealed,
        },
      ]
