import type { Database, Statement } from '../../../storage/database.ts'
import type { ImageRow, RepositoryRow } from '../../../storage/schema/ecr.ts'
import { none, one, statement } from '../../../storage/statement.ts'
import type { EcrDeps } from '../ecr-deps.ts'
import {
  invalidManifest,
  layersNotFound,
  referencedImagesNotFound,
  repositoryNotFound,
  tagImmutable,
} from '../errors.ts'
import { isImmutable } from '../repositories/tag-mutability.ts'
import type { Manifest, ManifestPart } from './manifest-document.ts'

/** So many rows fit into one statement on either database. */
const ROWS = 1_000

export interface NewImage {
  readonly digest: string
  /** As pushed, byte for byte. */
  readonly bytes: Uint8Array
  readonly manifest: Manifest
  readonly tag: string | undefined
}

/** What has changed by a push. */
export interface PutOutcome {
  readonly isNew: boolean
  /** Whether the tag was given, or taken from another image. */
  readonly tagMoved: boolean
}

/**
 * Adds an image to a repository and gives it a tag, both or neither. All that the manifest names must be there, and stay
 * while this is decided.
 * @throws LayersNotFoundException, ReferencedImagesNotFoundException, ImageTagAlreadyExistsException,
 * InvalidParameterException
 */
export async function putManifest(deps: EcrDeps, repository: RepositoryRow, image: NewImage): Promise<PutOutcome> {
  const { database } = deps
  const { digest, bytes, manifest, tag } = image
  const { query } = database
  await checkParts(database, repository, manifest.parts)
  const row: ImageRow = {
    repository_id: repository.id,
    digest,
    media_type: manifest.mediaType,
    config_media_type: manifest.configMediaType ?? null,
    artifact_type: manifest.artifactType ?? null,
    subject_digest: manifest.subject ?? null,
    annotations: manifest.annotations === undefined ? null : JSON.stringify(manifest.annotations),
    manifest_bytes: bytes.length,
    content_bytes: manifest.parts.reduce((sum, part) => sum + part.size, 0),
    pushed_at: deps.clock.now(),
    pulled_at: null,
    manifest: Buffer.from(bytes).toString('utf8'),
  }
  const parts = manifest.parts.map((part) => ({
    repository_id: repository.id,
    image_digest: digest,
    part_digest: part.digest,
    kind: part.kind,
  }))
  const [inserted, tagged] = await database.commit([
    statement(
      query
        .insertInto('ecr_images')
        .values(row)
        .onConflict((conflict) => conflict.doNothing()),
    ),
    ...(tag === undefined ? [] : giveTag(database, repository, digest, tag)),
    statement(
      query.selectFrom('ecr_repositories').select('id').where('id', '=', repository.id),
      one(() => repositoryNotFound(repository)),
    ),
    ...inBatches(parts).map((some) =>
      statement(
        query
          .insertInto('ecr_image_parts')
          .values([...some])
          .onConflict((conflict) => conflict.doNothing()),
      ),
    ),
    ...requireParts(database, repository, manifest.parts),
  ])
  return { isNew: inserted?.affected === 1, tagMoved: tag !== undefined && tagged?.affected === 1 }
}

/** The first of these statements affects a row unless the image has the tag already. */
function giveTag(database: Database, repository: RepositoryRow, digest: string, tag: string): Statement[] {
  const { query } = database
  const give = statement(
    query
      .insertInto('ecr_tags')
      .values({ repository_id: repository.id, tag, folded: tag.toLowerCase(), digest })
      .onConflict((conflict) =>
        isImmutable(repository, tag)
          ? conflict.doNothing()
          : conflict.columns(['repository_id', 'tag']).doUpdateSet({ digest }).where('ecr_tags.digest', '!=', digest),
      ),
  )
  const taken = query
    .selectFrom('ecr_tags')
    .select('tag')
    .where('repository_id', '=', repository.id)
    .where('tag', '=', tag)
    .where('digest', '!=', digest)
  return [
    give,
    statement(
      taken,
      none(() => tagImmutable(repository, tag)),
    ),
  ]
}

/** Says which parts are missing or have another size than the manifest says. */
async function checkParts(database: Database, repository: RepositoryRow, parts: readonly ManifestPart[]) {
  const missing: ManifestPart[] = []
  for (const some of inBatches(parts)) {
    const known = await partSizes(database, repository.id, some)
    for (const part of some) {
      const size = known.get(part.digest)
      if (size === undefined) missing.push(part)
      else if (size !== part.size)
        throw invalidManifest(`${part.digest} has ${size} bytes, and not the ${part.size} that the manifest says`)
    }
  }
  if (missing.length > 0) throw notFound(repository, missing)
}

async function partSizes(database: Database, repositoryId: string, parts: readonly ManifestPart[]) {
  const digests = parts.map((part) => part.digest)
  const rows =
    parts[0]?.kind === 'image'
      ? await database.query
          .selectFrom('ecr_images')
          .select(['digest', 'manifest_bytes as size'])
          .where('repository_id', '=', repositoryId)
          .where('digest', 'in', digests)
          .execute()
      : await database.query
          .selectFrom('ecr_layers')
          .select(['digest', 'size'])
          .where('repository_id', '=', repositoryId)
          .where('digest', 'in', digests)
          .execute()
  return new Map(rows.map((row) => [row.digest, row.size]))
}

/** Guards: what `checkParts` has found is still there. */
function requireParts(database: Database, repository: RepositoryRow, parts: readonly ManifestPart[]): Statement[] {
  return inBatches(parts).map((some) => {
    const digests = some.map((part) => part.digest)
    const table = some[0]?.kind === 'image' ? 'ecr_images' : 'ecr_layers'
    const query = database.query
      .selectFrom(table)
      .select('digest')
      .where('repository_id', '=', repository.id)
      .where('digest', 'in', digests)
    return statement(query, { rows: digests.length, otherwise: () => notFound(repository, some) })
  })
}

function notFound(repository: RepositoryRow, parts: readonly ManifestPart[]): Error {
  const digests = parts.map((part) => part.digest)
  return parts[0]?.kind === 'image'
    ? referencedImagesNotFound(repository, digests)
    : layersNotFound(repository, digests)
}

function inBatches<Item>(items: readonly Item[]): (readonly Item[])[] {
  const batches: (readonly Item[])[] = []
  for (let at = 0; at < items.length; at += ROWS) batches.push(items.slice(at, at + ROWS))
  return batches
}
