import { DigestSet } from '../../../storage/blobs/digests.ts'
import type { ChecksumAlgorithm } from '../checksums/checksum.ts'
import type { ContentOwner, ContentReader } from './content-reader.ts'

/** Digests stored bytes once more, for a stretch of which no digest is known. The MD5 and one checksum, both raw. */
export async function digestContent(
  content: ContentReader,
  owner: ContentOwner,
  range: { readonly first: number; readonly last: number } | undefined,
  algorithm: ChecksumAlgorithm,
  signal: AbortSignal,
): Promise<{ readonly md5: Uint8Array; readonly checksum: Uint8Array }> {
  const digests = new DigestSet(['MD5', algorithm])
  if (range !== undefined) {
    for await (const chunk of await content.open(owner, range.first, range.last)) {
      signal.throwIfAborted()
      digests.update(chunk as Uint8Array)
    }
  }
  const { MD5: md5, [algorithm]: checksum } = digests.finish()
  return { md5: md5 ?? new Uint8Array(), checksum: checksum ?? new Uint8Array() }
}
