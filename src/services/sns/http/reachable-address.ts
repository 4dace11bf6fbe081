import { BlockList, isIP } from 'node:net'
import { isPermittedAddress } from '../../../registries/address-policy.ts'

/** Where messages go only when the configuration says so: loopback and private networks. */
const PRIVATE: readonly (readonly [string, number, 'ipv4' | 'ipv6'])[] = [
  ['10.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.0.0.0', 24, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['198.18.0.0', 15, 'ipv4'],
  ['::1', 128, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
  ['fec0::', 10, 'ipv6'],
]

/** Judges addresses after names have been resolved. */
export interface AddressJudge {
  /** Whether a connection to this address may be opened. */
  permits(address: string): boolean
}

/**
 * `allowed`: networks such as `10.1.0.0/16` that may be reached although they are private. Link-local addresses, those of
 * metadata services, multicast and the like are never reached.
 */
export function judgeAddresses(allowed: readonly string[]): AddressJudge {
  const inside = new BlockList()
  for (const [network, bits, family] of PRIVATE) inside.addSubnet(network, bits, family)
  const opened = new BlockList()
  for (const network of allowed) {
    const [address = '', bits] = network.split('/')
    const version = isIP(address)
    opened.addSubnet(
      address,
      bits === undefined ? (version === 4 ? 32 : 128) : Number(bits),
      version === 4 ? 'ipv4' : 'ipv6',
    )
  }
  const contains = (list: BlockList, address: string) => list.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6')
  return {
    permits(address) {
      const version = isIP(address)
      if (version === 0) return false
      const meant = version === 6 ? (embedded(address) ?? address) : address
      if (!isPermittedAddress(meant, true) || !isPermittedAddress(address, true)) return false
      return !contains(inside, meant) || contains(opened, meant)
    },
  }
}

/** The IPv4 address that an IPv6 address stands for: mapped, compatible, translated (NAT64) or tunnelled (6to4). */
function embedded(address: string): string | undefined {
  const groups = expand(address)
  const text = (high: number, low: number) => `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
  const [g0, g1, g2] = groups as [number, number, number]
  const isZero = (from: number, to: number) => groups.slice(from, to).every((group) => group === 0)
  const last = text(groups[6] as number, groups[7] as number)
  if (isZero(0, 5) && groups[5] === 0xffff) return last
  if (isZero(0, 6) && (groups[6] !== 0 || (groups[7] as number) > 1)) return last
  if (g0 === 0x64 && g1 === 0xff9b) return last
  if (g0 === 0x2002) return text(g1, g2)
  return undefined
}

function expand(address: string): number[] {
  // A URL writes every IPv6 address in one way, in hexadecimal.
  const plain = address.split('%')[0] as string
  const [head = '', tail] = new URL(`http://[${plain}]/`).hostname.slice(1, -1).split('::')
  const parse = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
  const before = parse(head)
  if (tail === undefined) return before
  const after = parse(tail)
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after]
}
