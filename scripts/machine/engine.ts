import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { connectDocker } from '../../src/runtime/docker/connect-docker.ts'
import { detectEngine } from '../../src/runtime/docker/detect-socket.ts'
import { formatAddress } from '../../src/runtime/docker/engine-address.ts'
import { createEngineClient, type EngineClient } from '../../src/runtime/docker/engine-client.ts'
import { silentLogger } from '../../src/telemetry/log.ts'
import { cleanDirectory, cleanNetwork, ENGINE_DIRECTORY, rememberNetwork, removeLeftovers } from './engine-leftovers.ts'
import { isAlive, withLock } from './lock.ts'
import { type RunningProcess, startProcess } from './process.ts'

export type EngineKind = 'docker' | 'podman'

export interface LocalEngine {
  readonly kind: EngineKind
  /** `unix:///…`, for `connectDocker` and DOCKER_HOST. */
  readonly socket: string
  /** False when it is the machine's own engine, which is neither restarted nor stopped. */
  readonly ours: boolean
  /** Ends the engine with SIGTERM and starts it again on the same socket; `between` runs while it is away. */
  restart(between?: () => Promise<void>): Promise<void>
  /** SIGKILL to the engine, at once; `revive` starts it again on the same socket. Containers live on meanwhile. */
  kill(): void
  revive(): Promise<void>
  /** SIGSTOP to the engine: its socket takes connections that nobody answers, until `resume`. */
  pause(): void
  resume(): void
  /** Removes all containers, ends the engine and takes away what it has left on this machine. */
  stop(): Promise<void>
}

const LOCK = '/tmp/slw-engines.lock'

/** Whether `startEngine` can work here: an engine answers already, or one of our own can be started. */
export function canStartEngine(kind: EngineKind): boolean {
  if (kind === 'docker' && (process.env.DOCKER_HOST || existsSync('/var/run/docker.sock'))) return true
  return canStartOwnEngine(kind)
}

/** Whether an engine of our own can be started: the packages are installed and this is root. */
export function canStartOwnEngine(kind: EngineKind): boolean {
  const programs = kind === 'docker' ? ['dockerd', 'iptables'] : ['podman', 'runc', 'iptables']
  const libraries = ['/usr/lib/podman/netavark', '/usr/libexec/podman/netavark']
  return (
    process.getuid?.() === 0 &&
    programs.every(isInstalled) &&
    (kind === 'docker' || libraries.some((path) => existsSync(path)))
  )
}

function isInstalled(program: string): boolean {
  const path = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`
  return path.split(':').some((directory) => directory !== '' && existsSync(join(directory, program)))
}

/**
 * Starts an engine of our own, in a directory of its own. A Docker that the machine already has is used
 * instead, unless `ours` insists. See scripts/setup.sh for the packages.
 */
export async function startEngine(kind: EngineKind, options: { readonly ours?: boolean } = {}): Promise<LocalEngine> {
  if (kind === 'docker' && options.ours !== true) {
    const present = await detectEngine({ signal: AbortSignal.timeout(10_000) }).catch(() => undefined)
    if (present?.flavour === 'docker') {
      return {
        kind,
        socket: formatAddress(present.address),
        ours: false,
        restart: refuse,
        kill: refuse,
        revive: refuse,
        pause: refuse,
        resume: refuse,
        stop: async () => {},
      }
    }
  }
  if (!canStartOwnEngine(kind)) {
    throw new Error(`${kind} cannot be started here: it takes root and the packages that scripts/setup.sh installs`)
  }
  return withLock(LOCK, async () => {
    await removeLeftovers()
    await rememberNetwork()
    const directory = await mkdtemp(ENGINE_DIRECTORY)
    await writeFile(join(directory, 'owner'), String(process.pid))
    const socket = join(directory, `${kind}.sock`)
    const start = kind === 'docker' ? () => startDockerd(directory, socket) : () => startPodman(directory, socket)
    try {
      return ownEngine(kind, directory, socket, start, await start())
    } catch (error) {
      await cleanDirectory(directory)
      throw error
    }
  })
}

const refuse = (): never => {
  throw new Error('the machine’s own engine is not restarted')
}

function ownEngine(
  kind: EngineKind,
  directory: string,
  socket: string,
  start: () => Promise<RunningProcess>,
  first: RunningProcess,
): LocalEngine {
  let server = first
  let stopped = false
  return {
    kind,
    socket: `unix://${socket}`,
    ours: true,
    restart: async (between) => {
      await server.stop(20_000)
      await between?.()
      server = await start()
    },
    // The program itself: setpriv has become it.
    kill: () => {
      process.kill(server.pid, 'SIGKILL')
    },
    pause: () => {
      process.kill(server.pid, 'SIGSTOP')
    },
    resume: () => {
      process.kill(server.pid, 'SIGCONT')
    },
    revive: async () => {
      await server.stop()
      server = await start()
    },
    stop: async () => {
      if (stopped) return
      stopped = true
      // One that is paused would not hear of its end. It may be gone.
      if (isAlive(server.pid)) process.kill(server.pid, 'SIGCONT')
      const client = createEngineClient({ kind: 'unix', path: socket }, '')
      await removeEverything(client).catch((error: unknown) => console.error('engine not emptied:', error))
      await client.close()
      await withLock(LOCK, async () => {
        await server.stop(30_000)
        await cleanDirectory(directory)
        await cleanNetwork()
      })
    },
  }
}

async function removeEverything(client: EngineClient): Promise<void> {
  const signal = AbortSignal.timeout(60_000)
  const containers = await client.json<{ Id: string }[]>('GET', '/containers/json', { signal, query: { all: 'true' } })
  const query = { force: 'true', v: 'true', t: '0', timeout: '0' }
  await Promise.all(
    containers.map(async ({ Id }) => {
      await client.call('POST', `/containers/${Id}/kill`, { signal })
      await client.call('DELETE', `/containers/${Id}`, { signal, query })
    }),
  )
  await client.call('POST', '/networks/prune', { signal })
}

async function startDockerd(directory: string, socket: string): Promise<RunningProcess> {
  const pidfile = join(directory, 'dockerd.pid')
  // dockerd refuses to start while the pid in this file exists, be it a zombie or somebody else by now; and waits in vain
  // for the containerd that has died with its predecessor.
  for (const path of [pidfile, join(directory, 'exec/containerd/containerd.pid')]) await rm(path, { force: true })
  const server = startProcess('dockerd', [
    ...['--host', `unix://${socket}`, '--data-root', join(directory, 'data'), '--exec-root', join(directory, 'exec')],
    ...['--pidfile', pidfile, '--bridge', 'none', '--log-level', 'warn'],
  ])
  return untilReady('docker', socket, server)
}

async function startPodman(directory: string, socket: string): Promise<RunningProcess> {
  const containers = join(directory, 'containers.conf')
  const registries = join(directory, 'registries.conf')
  await writeFile(containers, await podmanConfiguration())
  await writeFile(registries, REGISTRIES)
  for (const name of ['root', 'run', 'tmp', 'net']) await mkdir(join(directory, name), { recursive: true })
  const env = { ...process.env, CONTAINERS_CONF: containers, CONTAINERS_REGISTRIES_CONF: registries }
  const place = (name: string) => join(directory, name)
  const server = startProcess(
    'podman',
    [
      ...['--root', place('root'), '--runroot', place('run'), '--tmpdir', place('tmp')],
      ...['--network-config-dir', place('net'), 'system', 'service', '--time=0', `unix://${socket}`],
    ],
    // conmon drops a file named `oom` into its working directory.
    { env, cwd: directory },
  )
  return untilReady('podman', socket, server)
}

const REGISTRIES = `unqualified-search-registries = []
short-name-mode = "disabled"
[[registry]]
location = "127.0.0.1"
insecure = true
`

/** Podman's own defaults ask for more open files than a restricted root may give, and for systemd. */
async function podmanConfiguration(): Promise<string> {
  const limit = (flag: string) => execFileSync('bash', ['-c', `ulimit ${flag}`], { encoding: 'utf8' }).trim()
  const atMost = (text: string, most: number) => Math.min(text === 'unlimited' ? most : Number(text), most)
  const files = atMost(limit('-Hn'), 1_048_576)
  const processes = atMost(limit('-Hu'), Number(await readFile('/proc/sys/kernel/pid_max', 'utf8')))
  // A range of its own, so that the engines of two test runs on one machine do not choose the same networks.
  const range = 96 + (process.pid % 128)
  return `[containers]
default_ulimits = ["nofile=${files}:${files}", "nproc=${processes}:${processes}"]
[network]
network_backend = "netavark"
default_subnet_pools = [{"base" = "10.${range}.0.0/16", "size" = 24}]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
`
}

async function untilReady(kind: EngineKind, socket: string, server: RunningProcess): Promise<RunningProcess> {
  const died = server.ended.then((code) => {
    throw new Error(`${kind} ended with code ${code} instead of starting:\n${server.output()}`)
  })
  died.catch(() => {})
  const signal = AbortSignal.timeout(30_000)
  try {
    await Promise.race([untilAnswering(socket, signal), died])
  } catch (error) {
    await server.stop()
    throw error
  }
  return server
}

/** Rejects with the engine's last words on why it does not answer when the signal aborts first. */
async function untilAnswering(socket: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      const runtime = await connectDocker({ log: silentLogger, socket: `unix://${socket}`, signal })
      return await runtime.close()
    } catch (error) {
      if (signal.aborted) throw error
    }
    await delay(25)
  }
}
