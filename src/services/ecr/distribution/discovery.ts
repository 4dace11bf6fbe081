import { readPage } from '../../../shared/pagination.ts'
import { isTag } from '../images/image-store.ts'
import { readReferrers, toReferrer } from '../images/referrers.ts'
import { RegistryFault } from './fault.ts'
import { queryOf, type RegistryAnswer } from './registry-request.ts'
import { open, type RepositoryCall } from './repository-call.ts'

const MOST_TAGS = 1_000
const PRINTABLE = /^[\x20-\x7e]*$/
const MOST_REFERRERS = 100
/** So that an answer stays below what clients take for a manifest. */
const REFERRER_BYTES = 3 * 1024 * 1024

/** Tags in alphabetical order without regard to case, `n` at most, those after `last`. */
export async function listTags(call: RepositoryCall): Promise<RegistryAnswer> {
  const { deps, path, request } = call
  const repository = await open(call, 'ListImages')
  const query = queryOf(request)
  const size = pageSize(query.get('n'), MOST_TAGS)
  const last = query.get('last')
  if (last !== null && last !== '' && !isTag(last)) throw new RegistryFault(400, 'TAG_INVALID', 'last is no tag')
  const after = last === null || last === '' ? undefined : [last.toLowerCase(), last]
  const tags = deps.database.query
    .selectFrom('ecr_tags')
    .select(['folded', 'tag'])
    .where('repository_id', '=', repository.id)
  const page =
    size === 0
      ? { rows: [], next: undefined }
      : await readPage(tags, ['folded', 'tag'], { size, descending: false, after })
  const names = page.rows.map((row) => row.tag)
  const link: Record<string, string> =
    page.next === undefined
      ? {}
      : { Link: `</v2/${path}/tags/list?n=${size}&last=${encodeURIComponent(names.at(-1) ?? '')}>; rel="next"` }
  return {
    status: 200,
    headers: { 'Content-Type': 'application/json', ...link },
    body: `${JSON.stringify({ name: path, tags: names })}\n`,
  }
}

/**
 * An index of the manifests that are about a digest. All are found by what they say themselves, so an index that a
 * client keeps under the tag of the fallback scheme is an image like any other.
 */
export async function listReferrers(call: RepositoryCall): Promise<RegistryAnswer> {
  const { deps, path, request, reference } = call
  const repository = await open(call, 'ListImageReferrers')
  if (!/^[a-z0-9+._-]+:[A-Za-z0-9=_-]+$/.test(reference))
    throw new RegistryFault(400, 'DIGEST_INVALID', 'What is referred to is named by its digest')
  const query = queryOf(request)
  const type = query.get('artifactType')
  const last = query.get('last')
  if (!PRINTABLE.test(`${type ?? ''}${last ?? ''}`))
    throw new RegistryFault(400, 'UNSUPPORTED', 'artifactType and last are printable')
  const page = await readReferrers(deps.database, repository.id, reference, type ? [type] : undefined, {
    size: MOST_REFERRERS,
    after: last === null ? undefined : [last],
  })
  const manifests: string[] = []
  let bytes = 0
  for (const row of page.rows) {
    const entry = JSON.stringify(toReferrer(row))
    bytes += Buffer.byteLength(entry)
    if (manifests.length > 0 && bytes > REFERRER_BYTES) break
    manifests.push(entry)
  }
  const more = page.next !== undefined || manifests.length < page.rows.length
  const shown = page.rows[manifests.length - 1]?.digest ?? ''
  const filter = type ? `artifactType=${encodeURIComponent(type)}&` : ''
  return {
    status: 200,
    headers: {
      'Content-Type': 'application/vnd.oci.image.index.v1+json',
      ...(type && { 'OCI-Filters-Applied': 'artifactType' }),
      ...(more && { Link: `</v2/${path}/referrers/${reference}?${filter}last=${shown}>; rel="next"` }),
    },
    body: `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[${manifests.join(',')}]}`,
  }
}

function pageSize(text: string | null, most: number): number {
  if (text === null) return most
  if (!/^\d{1,9}$/.test(text)) throw new RegistryFault(400, 'UNSUPPORTED', 'n is no number of tags')
  return Math.min(Number(text), most)
}
