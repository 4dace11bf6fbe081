/** What the configuration says about one registry host. */
export interface HostSettings {
  /** Speak http to it. Loopback needs no such permission. */
  readonly plainHttp?: boolean
  /** Further certificate authorities, PEM. */
  readonly extraCa?: string
}

/** Settings by `host` or `host:port`. */
export type Hosts = Readonly<Record<string, HostSettings>>

/**
 * The settings for `host[:port]` as it stands in an image reference or a URL. A port that is the scheme's own
 * may be written or left out on either side.
 */
export function settingsFor(hosts: Hosts, host: string): HostSettings | undefined {
  const name = host.toLowerCase()
  const bare = name.replace(/:(?:443|80)$/, '')
  for (const candidate of [name, bare, `${bare}:443`, `${bare}:80`]) {
    const settings = Object.hasOwn(hosts, candidate) ? hosts[candidate] : undefined
    if (settings !== undefined) return settings
  }
  return undefined
}
