/** The parts of the Docker Engine API's answers that Slipway reads. Podman leaves out or nulls some: all optional. */

export interface VersionAnswer {
  readonly Version?: string
  readonly ApiVersion?: string
}

export interface InfoAnswer {
  readonly Name?: string
  readonly OperatingSystem?: string
  readonly Architecture?: string
  readonly KernelVersion?: string
  readonly NCPU?: number
  readonly MemTotal?: number
  readonly SecurityOptions?: readonly string[] | null
}

export interface ImageAnswer {
  readonly Id: string
  readonly RepoDigests?: readonly string[] | null
  readonly Architecture?: string
  readonly Size?: number
  readonly Config?: { readonly Labels?: Readonly<Record<string, string>> | null } | null
}

export interface ContainerListItem {
  readonly Id: string
}

export interface ContainerAnswer {
  readonly Id: string
  readonly Name?: string
  readonly Image?: string
  readonly Config?: { readonly Labels?: Readonly<Record<string, string>> | null; readonly Image?: string }
  readonly State?: {
    readonly Status?: string
    readonly Running?: boolean
    readonly ExitCode?: number
    readonly OOMKilled?: boolean
    readonly StartedAt?: string
  }
  readonly HostConfig?: {
    readonly NetworkMode?: string
    readonly PortBindings?: Readonly<Record<string, unknown>> | null
  }
  readonly NetworkSettings?: {
    readonly Ports?: Readonly<Record<string, readonly { HostIp?: string; HostPort?: string }[] | null>> | null
    readonly Networks?: Readonly<Record<string, { readonly IPAddress?: string } | null>> | null
  }
}

export interface StatsAnswer {
  readonly cpu_stats?: { readonly cpu_usage?: { readonly total_usage?: number } | null } | null
  readonly memory_stats?: {
    readonly usage?: number
    readonly limit?: number
    readonly stats?: { readonly inactive_file?: number; readonly total_inactive_file?: number } | null
  } | null
}

export interface NetworkAnswer {
  readonly Id: string
  readonly Name: string
  readonly Created?: string
  readonly Labels?: Readonly<Record<string, string>> | null
  readonly Containers?: Readonly<Record<string, unknown>> | null
}

export interface EventMessage {
  readonly Type?: string
  readonly Action?: string
  readonly Actor?: { readonly ID?: string; readonly Attributes?: Readonly<Record<string, string>> | null }
}

export interface PullMessage {
  readonly error?: string
  readonly errorDetail?: { readonly message?: string }
}
