import { isIPv4, isIPv6 } from 'node:net'
import { isBucketName } from './buckets/bucket-name.ts'

/** Hosts of AWS itself, met when a client's own DNS or proxy leads them here: the bucket stands before `s3`. */
const AMAZON = /^(?:(?<bucket>.+)\.)?s3(?:[.-](?:dualstack\.)?[a-z]{2}(?:-[a-z]+)+-\d)?\.amazonaws\.com(?:\.cn)?$/

/**
 * Rewrites a virtual-host request (`bucket.host/key`) into path style (`/bucket/key`), which is how everything behind
 * it reads S3 requests. Undefined when the host names no bucket: the request is in path style already, or not for S3.
 *
 * @param host the Host header, with or without a port
 * @param path the raw path, without the query string
 * @param baseDomains names under which this server is reached; `bucket.` may stand before each. `localhost` and
 * `s3.localhost` always count.
 */
export function pathStyle(host: string, path: string, baseDomains: readonly string[] = []): string | undefined {
  const name = hostName(host)
  if (name === undefined || isIPv4(name) || isIPv6(name)) return undefined
  const bucket = AMAZON.exec(name)?.groups?.bucket ?? bucketBefore(name, ['s3.localhost', 'localhost', ...baseDomains])
  if (bucket === undefined || !isBucketName(bucket)) return undefined
  return `/${bucket}${path.startsWith('/') ? path : `/${path}`}`
}

/** The host without port, brackets and final dot, in lower case. */
function hostName(host: string): string | undefined {
  const match = /^(?:\[(?<six>[^\]]+)\]|(?<name>[^:[\]]+))(?::\d*)?$/.exec(host.trim())
  const name = (match?.groups?.six ?? match?.groups?.name)?.toLowerCase()
  return name?.endsWith('.') ? name.slice(0, -1) : name
}

/** What stands before the longest base domain that the name ends with; undefined when the name is a base itself. */
function bucketBefore(name: string, bases: readonly string[]): string | undefined {
  const lower = bases.map((base) => base.toLowerCase())
  if (lower.includes(name)) return undefined
  const base = lower.filter((candidate) => name.endsWith(`.${candidate}`)).sort((a, b) => b.length - a.length)[0]
  return base === undefined ? undefined : name.slice(0, -(base.length + 1))
}
