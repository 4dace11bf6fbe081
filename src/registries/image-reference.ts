/** An image's name, taken apart. `host` is `docker.io` for Docker Hub, however it was written. */
export interface ImageReference {
  readonly host: string
  /** With `library/` in front for Docker Hub's own images. */
  readonly repository: string
  readonly tag: string | undefined
  /** `sha256:<64 hex>`; decides when there is a tag too. */
  readonly digest: string | undefined
}

const HUB = 'docker.io'
const HUB_NAMES = new Set([HUB, 'index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com'])
const DOMAIN = /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*$/
const IPV6 = /^\[[0-9a-fA-F:.]+\]$/
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/
const DIGEST = /^sha256:[0-9a-f]{64}$/

/** What CreateModel accepts as the length of `Image`. */
const MAXIMUM_LENGTH = 255

/** Parses `[host[:port]/]repository[:tag][@sha256:…]`; undefined when the text is no image reference. */
export function parseImageReference(text: string): ImageReference | undefined {
  if (text.length === 0 || text.length > MAXIMUM_LENGTH) return undefined
  const at = text.indexOf('@')
  const digest = at === -1 ? undefined : text.slice(at + 1)
  if (digest !== undefined && !DIGEST.test(digest)) return undefined
  const named = at === -1 ? text : text.slice(0, at)

  const slash = named.indexOf('/')
  const first = slash === -1 ? '' : named.slice(0, slash)
  const hasHost = isHost(first)
  if (hasHost && !isValidHost(first)) return undefined
  const rest = hasHost ? named.slice(slash + 1) : named
  const colon = rest.lastIndexOf(':')
  const tag = colon === -1 ? undefined : rest.slice(colon + 1)
  if (tag !== undefined && !TAG.test(tag)) return undefined
  const repository = colon === -1 ? rest : rest.slice(0, colon)
  if (!repository.split('/').every((component) => COMPONENT.test(component))) return undefined

  const host = hasHost ? first.toLowerCase() : HUB
  if (!HUB_NAMES.has(host)) return { host, repository, tag, digest }
  return { host: HUB, repository: repository.includes('/') ? repository : `library/${repository}`, tag, digest }
}

/** `host/repository@digest`: what an engine pulls, and what DescribeEndpoint shows as ResolvedImage. */
export const formatWithDigest = (image: ImageReference, digest: string): string =>
  `${image.host}/${image.repository}@${digest}`

/** The tag or digest to ask the registry for. */
export const manifestReference = (image: ImageReference): string => image.digest ?? image.tag ?? 'latest'

/** The host that serves the registry API; it differs from the name's host only for Docker Hub. */
export const apiHost = (image: ImageReference): string => (image.host === HUB ? 'registry-1.docker.io' : image.host)

/** Amazon ECR's private registries: the only hosts that AWS pulls from without Vpc mode. */
export const isEcrHost = (host: string): boolean =>
  /^[0-9]{12}\.dkr\.ecr(?:-fips)?\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?$/.test(host)

/** The first part is a host, not a part of the repository, when it could be no Docker Hub name. */
const isHost = (first: string): boolean => /[.:A-Z[]/.test(first) || first === 'localhost'

function isValidHost(text: string): boolean {
  const match = /^(\[[^\]]*\]|[^:]*)(?::([0-9]{1,5}))?$/.exec(text)
  if (match === null) return false
  const [, name = '', port] = match
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) return false
  return name.startsWith('[') ? IPV6.test(name) && URL.canParse(`https://${name}`) : DOMAIN.test(name)
}
