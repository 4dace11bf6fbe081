import { BlockList, isIP } from 'node:net'
import { networkInterfaces } from 'node:os'

/**
 * Whether an IP address lies in a network that this machine is itself part of at this moment; names are taken to. Podman
 * takes a container's network away when it ends: what is sent to the old address then would leave by the default route,
 * and carry a request to whoever has that address elsewhere. Costs some 50 µs.
 */
export function isOnOwnNetwork(host: string): boolean {
  const version = isIP(host)
  if (version === 0) return true
  const family = version === 4 ? 'ipv4' : 'ipv6'
  const networks = new BlockList()
  for (const { cidr } of Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])) {
    const [address = '', prefix] = cidr?.split('/') ?? []
    if (isIP(address) === version) networks.addSubnet(address, Number(prefix), family)
  }
  return networks.check(host, family)
}
