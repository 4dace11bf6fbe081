import type { ContainerSpec } from '../container-runtime.ts'
import { type Engine, INSTALLATION_LABEL } from './engine.ts'

/** Names one attempt to start a container, so that tidying up after it never touches another's container. */
export const ATTEMPT_LABEL = 'io.slipway.runtime.attempt'

/** An image may expose many ports; this says which one the container was started for. */
export const PORT_LABEL = 'io.slipway.runtime.port'

/** Labels that are the runtime's own affair and not shown to callers. */
export const OWN_LABELS: readonly string[] = [INSTALLATION_LABEL, ATTEMPT_LABEL, PORT_LABEL]

/** How long the engine itself gives a container when it shuts down; our own stops say theirs. */
const STOP_TIMEOUT_SECONDS = 30

/** The body of POST /containers/create: the spec, and everything a container may not do. Pure. */
export function containerRequest(
  spec: ContainerSpec,
  engine: Pick<Engine, 'flavour' | 'installation' | 'reach' | 'cpus'>,
  network: string,
  attempt: string,
): object {
  const port = `${spec.port}/tcp`
  return {
    Image: spec.image,
    Hostname: spec.hostname,
    Cmd: spec.command,
    Env: Object.entries(spec.environment).map(([name, value]) => `${name}=${value}`),
    Labels: {
      ...spec.labels,
      [INSTALLATION_LABEL]: engine.installation,
      [ATTEMPT_LABEL]: attempt,
      [PORT_LABEL]: String(spec.port),
    },
    ExposedPorts: { [port]: {} },
    StopTimeout: STOP_TIMEOUT_SECONDS,
    Tty: false,
    OpenStdin: false,
    HostConfig: {
      Mounts: spec.mounts.map(({ source, target, readOnly }) => ({
        Type: 'bind',
        Source: source,
        Target: target,
        ReadOnly: readOnly,
        BindOptions: { Propagation: 'rprivate' },
      })),
      CapDrop: ['ALL'],
      CapAdd: spec.addedCapabilities,
      SecurityOpt: ['no-new-privileges'],
      Privileged: false,
      PidsLimit: spec.pids,
      Memory: spec.memoryBytes,
      // The same as Memory: no swap, so that the limit is the limit.
      MemorySwap: spec.memoryBytes,
      // Docker refuses more CPUs than the machine has.
      NanoCpus: Math.round(Math.min(spec.cpus, engine.cpus) * 1e9),
      CpuShares: spec.cpuWeight,
      MemoryReservation: spec.reservedMemoryBytes,
      ShmSize: spec.shmBytes,
      LogConfig: logConfig(engine.flavour),
      RestartPolicy: { Name: 'no' },
      NetworkMode: network,
      PortBindings: engine.reach === 'loopback' ? { [port]: [{ HostIp: '127.0.0.1', HostPort: '' }] } : {},
    },
  }
}

/**
 * A chatty container must not fill the disk; Slipway has read the lines long before they rotate away. Podman keeps one
 * file and loses the lines of the moment in which it begins it anew, so its file is larger.
 */
const logConfig = (flavour: 'docker' | 'podman'): object =>
  flavour === 'docker'
    ? { Type: 'json-file', Config: { 'max-size': '20m', 'max-file': '3' } }
    : { Type: 'k8s-file', Config: { 'max-size': '50m' } }
