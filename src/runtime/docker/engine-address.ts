import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where an engine listens. */
export type EngineAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly origin: string; readonly certificates: string | undefined }

/** A place to look for an engine, or why the place that was named cannot be one. */
export type Candidate = EngineAddress | { readonly kind: 'unusable'; readonly why: string }

/** How the address is written in DOCKER_HOST. */
export const formatAddress = (address: EngineAddress): string =>
  address.kind === 'unix' ? `unix://${address.path}` : address.origin.replace(/^https?/, 'tcp')

/**
 * Reads `unix:///path`, `/path` or `tcp://host:port`. Only loopback is taken for tcp: model data is mounted from this
 * machine and containers answer on it, so an engine elsewhere could not run them.
 */
export function parseAddress(text: string, environment: NodeJS.ProcessEnv): Candidate {
  const path = /^(?:unix:\/\/)?(\/.+)$/.exec(text)?.[1]
  if (path !== undefined) return { kind: 'unix', path }
  const tcp = /^(?:tcp|http|https):\/\/(\[[^\]]+\]|[^:/]+)(?::(\d{1,5}))?\/?$/.exec(text)
  if (tcp === null) {
    return { kind: 'unusable', why: `${text} is neither unix:///path/to/socket nor tcp://127.0.0.1:port` }
  }
  const [, host = '', port] = tcp
  if (!/^(127\.[\d.]+|localhost|\[::1\])$/.test(host)) {
    return { kind: 'unusable', why: `${text} is an engine on another machine; Slipway needs one on this machine` }
  }
  const secure = text.startsWith('https:') || (environment.DOCKER_TLS_VERIFY ?? '') !== ''
  const certificates = secure ? (environment.DOCKER_CERT_PATH ?? join(homedir(), '.docker')) : undefined
  return {
    kind: 'tcp',
    origin: `${secure ? 'https' : 'http'}://${host}:${port ?? (secure ? 2376 : 2375)}`,
    certificates,
  }
}

/**
 * The places to look, best first. DOCKER_HOST (or CONTAINER_HOST, Podman's) is a decision and therefore the only
 * candidate; otherwise the sockets of rootful engines come before rootless ones and those of desktop products.
 */
export function candidateAddresses(environment: NodeJS.ProcessEnv, home: string, uid: number): Candidate[] {
  const named = environment.DOCKER_HOST || environment.CONTAINER_HOST
  if (named !== undefined && named !== '') return [parseAddress(named, environment)]
  const runtime = environment.XDG_RUNTIME_DIR || `/run/user/${uid}`
  const paths = [
    '/var/run/docker.sock',
    '/run/podman/podman.sock',
    join(runtime, 'docker.sock'),
    join(runtime, 'podman/podman.sock'),
    join(home, '.docker/run/docker.sock'),
    join(home, '.docker/desktop/docker.sock'),
    join(home, '.colima/default/docker.sock'),
    join(home, '.colima/docker.sock'),
    join(home, '.rd/docker.sock'),
    join(home, '.orbstack/run/docker.sock'),
    join(home, '.local/share/containers/podman/machine/podman.sock'),
  ]
  return paths.map((path) => ({ kind: 'unix', path }))
}
