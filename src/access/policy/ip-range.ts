/** A range of addresses: those whose first `bits` bits are those of `address`. */
export interface IpRange {
  readonly version: 4 | 6
  readonly address: bigint
  readonly bits: number
}

/** Reads `203.0.113.0/24`, `2001:db8::/32` or a single address. */
export function parseIpRange(text: string): IpRange | undefined {
  const slash = text.indexOf('/')
  const address = parseIp(slash < 0 ? text : text.slice(0, slash))
  if (address === undefined) return undefined
  if (slash < 0) return address
  const prefix = text.slice(slash + 1)
  const bits = Number(prefix)
  return /^\d{1,3}$/.test(prefix) && bits <= address.bits ? { ...address, bits } : undefined
}

/** Whether an address, as a range of one, lies in a range. Never across versions. */
export function inRange(range: IpRange, ip: IpRange): boolean {
  const shift = BigInt((range.version === 4 ? 32 : 128) - range.bits)
  return range.version === ip.version && range.address >> shift === ip.address >> shift
}

/** Reads an address. IPv4 in the clothes of IPv6 (`::ffff:192.0.2.1`), as sockets show it, is IPv4. */
export function parseIp(text: string): IpRange | undefined {
  if (!text.includes(':')) {
    const address = parseIpv4(text)
    return address === undefined ? undefined : { version: 4, address, bits: 32 }
  }
  const address = parseIpv6(text)
  if (address === undefined) return undefined
  return address >> 32n === 0xffffn
    ? { version: 4, address: address & 0xffff_ffffn, bits: 32 }
    : { version: 6, address, bits: 128 }
}

function parseIpv4(text: string): bigint | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  let address = 0n
  for (const part of parts) {
    if (!/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined
    address = (address << 8n) | BigInt(part)
  }
  return address
}

function parseIpv6(text: string): bigint | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const groups = halves.map((half) => (half === '' ? [] : readGroups(half)))
  const [head, tail] = groups
  if (head === undefined || groups.includes(undefined)) return undefined
  const known = head.length + (tail?.length ?? 0)
  if (tail === undefined ? known !== 8 : known > 7) return undefined
  const all = [...head, ...Array<number>(8 - known).fill(0), ...(tail ?? [])]
  return all.reduce((address, group) => (address << 16n) | BigInt(group), 0n)
}

/** The 16-bit groups of a part of an address; the last two may be written as IPv4. */
function readGroups(text: string): number[] | undefined {
  const groups: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    if (part.includes('.') && index === parts.length - 1) {
      const address = parseIpv4(part)
      if (address === undefined) return undefined
      groups.push(Number(address >> 16n), Number(address & 0xffffn))
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined
      groups.push(Number.parseInt(part, 16))
    }
  }
  return groups
}
