/** Runs containers. The one interface between Slipway and Docker, Podman or nothing at all. */
export interface ContainerRuntime {
  readonly name: 'docker' | 'podman' | 'none'
  /** Version, addresses and limits of the engine; throws RuntimeError `unreachable` with a sentence on what to do. */
  describe(signal: AbortSignal): Promise<EngineDescription>
  /** The image as the engine holds it, or undefined. `reference` is `host/repo@sha256:…` or an image id. */
  findImage(reference: string, signal: AbortSignal): Promise<LocalImage | undefined>
  /** Pulls by digest. Reads the engine's in-stream errors and confirms that the image arrived. Throws RuntimeError. */
  pullImage(request: PullRequest, signal: AbortSignal): Promise<LocalImage>
  /** Creates and starts. When this rejects, no container is left behind. */
  startContainer(spec: ContainerSpec, signal: AbortSignal): Promise<RunningContainer>
  /** All containers (stopped ones too) that carry every one of `labels`. */
  listContainers(labels: Readonly<Record<string, string>>, signal: AbortSignal): Promise<readonly ContainerState[]>
  inspectContainer(id: string, signal: AbortSignal): Promise<ContainerState | undefined>
  /** SIGTERM, after `graceSeconds` SIGKILL; its logs and exit code stay. A missing or ended container is success. */
  stopContainer(id: string, graceSeconds: number, signal: AbortSignal): Promise<void>
  /** SIGTERM, after `graceSeconds` SIGKILL, then removed with its anonymous volumes. A missing container is success. */
  removeContainer(id: string, graceSeconds: number, signal: AbortSignal): Promise<void>
  /**
   * Standard output and error, line by line, oldest first; ends with the container when `follow`, else at once. A line
   * longer than 256 KiB comes in pieces of that size. Throws RuntimeError `not-found` for a missing container, and the
   * signal's reason when it aborts.
   */
  readLogs(id: string, options: LogOptions, signal: AbortSignal): AsyncIterable<LogLine>
  /**
   * Container ends and out-of-memory kills, for containers that carry `labels`, until the signal aborts (then it returns).
   * Begins with those that have ended already and are not removed, so nothing is missed between two watches or while the
   * engine restarts. Never throws for an engine that is away: it comes back when the engine does.
   */
  watch(labels: Readonly<Record<string, string>>, signal: AbortSignal): AsyncIterable<ContainerEvent>
  /**
   * What a container has used so far; undefined when it does not run, or the engine cannot tell (rootless engines without
   * control groups).
   */
  usage(id: string, signal: AbortSignal): Promise<ContainerUsage | undefined>
  close(): Promise<void>
}

export interface ContainerUsage {
  /** Processor time since the container began, of all processors together, in nanoseconds. */
  readonly cpuNanoseconds: number
  /** Memory in use, without what the kernel keeps of files and would give away. */
  readonly memoryBytes: number
  /** What it may use; the machine's when it is not limited. */
  readonly memoryLimitBytes: number
}

export interface EngineDescription {
  readonly version: string
  readonly apiVersion: string
  readonly socket: string
  readonly operatingSystem: string
  /** As images name it: `amd64`, `arm64`. */
  readonly architecture: string
  readonly cpus: number
  readonly memoryBytes: number
}

export interface LocalImage {
  readonly id: string
  readonly repoDigests: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  readonly architecture: string
  readonly sizeBytes: number
}

export interface PullRequest {
  /** `host[:port]/repository@sha256:<64 hex>`. */
  readonly reference: string
  readonly credentials?: { readonly username: string; readonly password: string }
}

export interface ContainerSpec {
  readonly name: string
  /** What the container calls itself; the engine's choice when undefined. */
  readonly hostname?: string
  /** A local image id or a reference by digest. */
  readonly image: string
  /** Replaces the image's CMD; its ENTRYPOINT stays. */
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  readonly mounts: readonly { readonly source: string; readonly target: string; readonly readOnly: boolean }[]
  /** The port the container listens on; it becomes reachable at RunningContainer.address, never beyond this host. */
  readonly port: number
  readonly memoryBytes: number
  readonly cpus: number
  /** What it gets beside others while processors are scarce; 1024 for each processor. Default: the engine's. */
  readonly cpuWeight?: number
  /** Of `memoryBytes`, what it keeps while memory is scarce on the machine. Default none. */
  readonly reservedMemoryBytes?: number
  readonly pids: number
  readonly shmBytes?: number
  /** `isolated`: no way out of the container, requests from this host still reach it. */
  readonly network: 'open' | 'isolated'
  /** Capabilities added back after all have been dropped. */
  readonly addedCapabilities: readonly string[]
}

export interface RunningContainer {
  readonly id: string
  /**
   * Where this host reaches the container's port: `172.17.0.2:8080` or `127.0.0.1:32768`. `127.0.0.1:0`, where nobody
   * answers, when the container has ended already: its exit code and logs are there to be read.
   */
  readonly address: string
}

export interface ContainerState {
  readonly id: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly running: boolean
  /** Undefined unless running. */
  readonly address: string | undefined
  /** Undefined while it runs, and when it never ran. 137 may mean out of memory, see `outOfMemory`. */
  readonly exitCode: number | undefined
  /** Killed for want of memory, as far as the engine tells: Podman on cgroup v1 does not. */
  readonly outOfMemory: boolean
  readonly imageId: string
  /** Epoch milliseconds; 0 when it never ran. */
  readonly startedAt: number
}

export interface LogOptions {
  readonly follow: boolean
  /** Only lines at or after this moment, epoch milliseconds. */
  readonly since?: number
}

export interface LogLine {
  readonly stream: 'stdout' | 'stderr'
  /** Nanoseconds since the Unix epoch, as the engine recorded it. */
  readonly timestamp: bigint
  readonly text: string
}

export interface ContainerEvent {
  readonly kind: 'ended' | 'out-of-memory'
  readonly id: string
  readonly labels: Readonly<Record<string, string>>
  /** Undefined for `out-of-memory`, and when the container was gone before its code could be read. */
  readonly exitCode: number | undefined
}

/** Why the engine could not do it; `reason` is what decisions are made on, the message is for people. */
export class RuntimeError extends Error {
  readonly reason: RuntimeErrorReason
  constructor(reason: RuntimeErrorReason, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'RuntimeError'
    this.reason = reason
  }
}

export type RuntimeErrorReason =
  | 'unreachable'
  | 'unauthorized'
  | 'not-found'
  | 'registry-unreachable'
  | 'untrusted-certificate'
  | 'corrupt-image'
  | 'bad-entrypoint'
  | 'no-space'
  | 'conflict'
  /** The engine, as it is set up, cannot do this at all. */
  | 'unsupported'
  /** `--runtime none`. */
  | 'no-containers'
  | 'other'
