import type { ImageReferrer } from '../../../model/generated/ecr.ts'
import { type Page, type PageKey, readPage } from '../../../shared/pagination.ts'
import type { Database } from '../../../storage/database.ts'
import { type ImageFacts, imagesOf } from './image-store.ts'

/** The manifests that say they are about this one, whether or not it is there itself; in the order of their digests. */
export function readReferrers(
  database: Database,
  repositoryId: string,
  subject: string,
  artifactTypes: readonly string[] | undefined,
  page: { readonly size: number; readonly after: PageKey | undefined },
): Promise<Page<ImageFacts>> {
  let query = imagesOf(database, repositoryId).where('subject_digest', '=', subject)
  if (artifactTypes !== undefined && artifactTypes.length > 0) query = query.where('artifact_type', 'in', artifactTypes)
  return readPage(query, ['digest'], { ...page, descending: false })
}

export const toReferrer = (row: ImageFacts): ImageReferrer => ({
  digest: row.digest,
  mediaType: row.media_type,
  size: row.manifest_bytes,
  ...(row.artifact_type !== null && { artifactType: row.artifact_type }),
  ...(row.annotations !== null && { annotations: JSON.parse(row.annotations) as Record<string, string> }),
})
