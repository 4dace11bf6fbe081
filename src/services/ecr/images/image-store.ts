import type { ImageIdentifier } from '../../../model/generated/ecr.ts'
import type { Database } from '../../../storage/database.ts'
import type { ImageRow } from '../../../storage/schema/ecr.ts'

/** An image by its digest, by a tag, or by a tag that must have that digest. */
export interface ImageName {
  readonly digest: string | undefined
  readonly tag: string | undefined
}

/** All that is known of an image but the manifest, which may have megabytes. */
export type ImageFacts = Omit<ImageRow, 'manifest'>

const FACTS = [
  'ecr_images.repository_id',
  'ecr_images.digest',
  'ecr_images.media_type',
  'ecr_images.config_media_type',
  'ecr_images.artifact_type',
  'ecr_images.subject_digest',
  'ecr_images.annotations',
  'ecr_images.manifest_bytes',
  'ecr_images.content_bytes',
  'ecr_images.pushed_at',
  'ecr_images.pulled_at',
] as const

const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/

export const isTag = (text: string): boolean => TAG.test(text)

const named = (database: Database, repositoryId: string, { digest, tag }: ImageName) => {
  let query = database.query.selectFrom('ecr_images').where('ecr_images.repository_id', '=', repositoryId)
  if (digest !== undefined) query = query.where('ecr_images.digest', '=', digest)
  if (tag === undefined) return query
  const tagged = database.query
    .selectFrom('ecr_tags')
    .select('ecr_tags.digest')
    .where('ecr_tags.repository_id', '=', repositoryId)
    .where('ecr_tags.tag', '=', tag)
  return query.where('ecr_images.digest', '=', tagged)
}

export const findImage = (database: Database, repositoryId: string, name: ImageName): Promise<ImageFacts | undefined> =>
  named(database, repositoryId, name).select(FACTS).executeTakeFirst()

/** The image with its manifest. */
export const findWholeImage = (
  database: Database,
  repositoryId: string,
  name: ImageName,
): Promise<ImageRow | undefined> => named(database, repositoryId, name).selectAll('ecr_images').executeTakeFirst()

/** Images of a repository, to be narrowed and read by page. */
export const imagesOf = (database: Database, repositoryId: string) =>
  database.query.selectFrom('ecr_images').select(FACTS).where('ecr_images.repository_id', '=', repositoryId)

/** So many values fit into one list of a query on either database. */
const LIST = 1_000

/** The tags of some images, by digest. */
export async function tagsOf(
  database: Database,
  repositoryId: string,
  digests: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const tags = new Map<string, string[]>()
  for (let at = 0; at < digests.length; at += LIST) {
    const rows = await database.query
      .selectFrom('ecr_tags')
      .select(['digest', 'tag'])
      .where('repository_id', '=', repositoryId)
      .where('digest', 'in', digests.slice(at, at + LIST))
      .orderBy('tag')
      .execute()
    for (const { digest, tag } of rows) tags.set(digest, [...(tags.get(digest) ?? []), tag])
  }
  return tags
}

export const toIdentifier = (digest: string, tag: string | undefined): ImageIdentifier =>
  tag === undefined || tag === '' ? { imageDigest: digest } : { imageDigest: digest, imageTag: tag }
