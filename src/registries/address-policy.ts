import { BlockList, isIP } from 'node:net'

/** Never asked, whoever names them: they reach the host itself or a cloud's metadata service, not a registry. */
const FORBIDDEN = new BlockList()
FORBIDDEN.addSubnet('0.0.0.0', 8, 'ipv4')
FORBIDDEN.addSubnet('169.254.0.0', 16, 'ipv4')
FORBIDDEN.addSubnet('224.0.0.0', 3, 'ipv4')
FORBIDDEN.addAddress('100.100.100.200', 'ipv4')
FORBIDDEN.addAddress('168.63.129.16', 'ipv4')
FORBIDDEN.addAddress('::', 'ipv6')
FORBIDDEN.addSubnet('fe80::', 10, 'ipv6')
FORBIDDEN.addSubnet('ff00::', 8, 'ipv6')
FORBIDDEN.addSubnet('fd00:ec2::', 32, 'ipv6')
FORBIDDEN.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6')

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

const contains = (list: BlockList, address: string): boolean =>
  list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')

/** A URL's host name without the brackets of IPv6. */
const bareHostname = (hostname: string): string => hostname.replace(/^\[|\]$/g, '')

/** A name or address that is loopback by itself, whatever a resolver says. */
export function isLoopbackName(hostname: string): boolean {
  const name = bareHostname(hostname).toLowerCase()
  if (isIP(name) !== 0) return contains(LOOPBACK, name)
  return name === 'localhost' || name.endsWith('.localhost')
}

/** Whether a connection to this address may be opened. */
export const isPermittedAddress = (address: string, allowLoopback: boolean): boolean =>
  !contains(FORBIDDEN, address) && (allowLoopback || !contains(LOOPBACK, address))

export type UrlVerdict = 'permitted' | 'not-http' | 'plain-http' | 'forbidden-address'

/** What the configuration says about plain http, and about hosts that may be reached on loopback. */
export interface UrlPolicy {
  /** Hosts (host[:port]) that are spoken to by plain http. */
  readonly plainHttp: (host: string) => boolean
  /** Whether loopback may be reached: only by a registry there itself, and by hosts that the configuration names. */
  readonly allowLoopback: boolean
}

/** Judges a URL that a server named (a token realm, a redirect) or that was made from an image's host. */
export function judgeUrl(url: URL, policy: UrlPolicy): UrlVerdict {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'not-http'
  if (url.username !== '' || url.password !== '') return 'not-http'
  const address = bareHostname(url.hostname)
  if (isIP(address) !== 0 && !isPermittedAddress(address, policy.allowLoopback)) return 'forbidden-address'
  if (isIP(address) === 0 && isLoopbackName(address) && !policy.allowLoopback) return 'forbidden-address'
  if (url.protocol === 'http:' && !isLoopbackName(url.hostname) && !policy.plainHttp(url.host)) return 'plain-http'
  return 'permitted'
}
