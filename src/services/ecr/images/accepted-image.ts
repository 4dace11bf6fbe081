import type { Database } from '../../../storage/database.ts'
import type { ImageRow } from '../../../storage/schema/ecr.ts'
import { findWholeImage } from './image-store.ts'
import { isIndex, platformEntries } from './manifest-document.ts'

/**
 * What a client gets who takes only some types of manifests: the image; of an index that it does not take, the image for
 * linux/amd64, as registries have always done; undefined when it takes neither.
 */
export async function acceptedImage(
  database: Database,
  image: ImageRow,
  accepts: (mediaType: string) => boolean,
): Promise<ImageRow | undefined> {
  if (accepts(image.media_type)) return image
  if (!isIndex(image.media_type)) return undefined
  const entry = platformEntries(image.manifest).find(
    ({ os, architecture, mediaType }) => os === 'linux' && architecture === 'amd64' && accepts(mediaType),
  )
  if (entry === undefined) return undefined
  return findWholeImage(database, image.repository_id, { digest: entry.digest, tag: undefined })
}
