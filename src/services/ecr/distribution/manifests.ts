import { imageNotFound } from '../errors.ts'
import { acceptedImage } from '../images/accepted-image.ts'
import { deleteImage, deleteTag } from '../images/delete-image.ts'
import { findWholeImage, type ImageName, isTag } from '../images/image-store.ts'
import { readManifest } from '../images/manifest-document.ts'
import { putManifest } from '../images/put-manifest.ts'
import { recordPull } from '../images/recorded-pull.ts'
import { digestOf, isDigest } from '../layers/digest-text.ts'
import { digestInvalid, RegistryFault } from './fault.ts'
import { headerOf, type RegistryAnswer, type RegistryRequest } from './registry-request.ts'
import { open, type RepositoryCall } from './repository-call.ts'

/** Of which registries say that no manifest is larger. */
const LARGEST_MANIFEST = 4 * 1024 * 1024

/** GET and HEAD. */
export async function getManifest(call: RepositoryCall): Promise<RegistryAnswer> {
  const { deps, request, reference } = call
  const repository = await open(call, 'BatchGetImage')
  const name = nameOf(reference)
  const image = isWellFormed(name) ? await findWholeImage(deps.database, repository.id, name) : undefined
  if (image === undefined) throw imageNotFound(repository, name)
  const accepts = acceptance(headerOf(request, 'accept'))
  // Who asks by digest gets those bytes or none.
  const given =
    name.digest === undefined
      ? await acceptedImage(deps.database, image, accepts)
      : accepts(image.media_type)
        ? image
        : undefined
  if (given === undefined)
    throw new RegistryFault(
      404,
      'MANIFEST_UNKNOWN',
      `The manifest is of type ${image.media_type}, which the request does not accept`,
    )
  const headers = {
    'Content-Type': given.media_type,
    'Docker-Content-Digest': given.digest,
    ETag: `"${given.digest}"`,
  }
  if (request.method === 'HEAD')
    return { status: 200, headers: { ...headers, 'Content-Length': String(given.manifest_bytes) } }
  await recordPull(deps, given)
  if (headerOf(request, 'if-none-match')?.includes(given.digest)) return { status: 304, headers }
  return { status: 200, headers, body: given.manifest }
}

export async function putManifestRequest(call: RepositoryCall): Promise<RegistryAnswer> {
  const { deps, request, reference, path } = call
  const repository = await open(call, 'PutImage')
  const tag = reference.includes(':') ? undefined : reference
  if (tag !== undefined && !isTag(tag)) throw new RegistryFault(400, 'TAG_INVALID', 'The tag is not well formed')
  if (tag === undefined && !isDigest(reference)) throw digestInvalid()
  const bytes = await collect(request)
  const digest = digestOf(bytes)
  if (tag === undefined && reference !== digest)
    throw new RegistryFault(400, 'DIGEST_INVALID', `The manifest has the digest ${digest}`)
  const manifest = readManifest(bytes, mediaTypeOf(headerOf(request, 'content-type')))
  await putManifest(deps, repository, { digest, bytes, manifest, tag })
  return {
    status: 201,
    headers: {
      Location: `/v2/${path}/manifests/${digest}`,
      'Docker-Content-Digest': digest,
      ...(manifest.subject !== undefined && { 'OCI-Subject': manifest.subject }),
    },
  }
}

/** By digest, the image and its tags; by tag, the tag alone. */
export async function deleteManifest(call: RepositoryCall): Promise<RegistryAnswer> {
  const { deps, reference } = call
  const repository = await open(call, 'BatchDeleteImage')
  const name = nameOf(reference)
  if (!isWellFormed(name)) throw imageNotFound(repository, name)
  const { digest, tag } = name
  if (digest !== undefined) await deleteImage(deps, repository, digest)
  else if (tag === undefined || !(await deleteTag(deps, repository, tag))) throw imageNotFound(repository, name)
  return { status: 202, headers: {} }
}

const nameOf = (reference: string): ImageName =>
  reference.includes(':') ? { digest: reference, tag: undefined } : { digest: undefined, tag: reference }

const isWellFormed = ({ digest, tag }: ImageName): boolean =>
  digest === undefined ? isTag(tag ?? '') : isDigest(digest)

/** Whether an Accept header takes a media type. Who sends none takes everything. */
function acceptance(header: string | undefined): (mediaType: string) => boolean {
  if (header === undefined || header.trim() === '') return () => true
  const types = new Set(header.split(',').map(mediaTypeOf))
  return (mediaType) => types.has('*/*') || types.has('application/*') || types.has(mediaType)
}

/** Without its parameters. */
function mediaTypeOf(header: string | undefined): string | undefined {
  const type = header?.split(';')[0]?.trim().toLowerCase()
  return type === '' ? undefined : type
}

async function collect(request: RegistryRequest): Promise<Buffer> {
  const tooLarge = () =>
    new RegistryFault(413, 'SIZE_INVALID', `A manifest can have no more than ${LARGEST_MANIFEST} bytes`)
  if (Number(headerOf(request, 'content-length') ?? 0) > LARGEST_MANIFEST) throw tooLarge()
  try {
    return await request.collect(LARGEST_MANIFEST)
  } catch (error) {
    throw (error as Error).name === 'BodyTooLargeError' ? tooLarge() : error
  }
}
