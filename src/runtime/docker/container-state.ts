import type { ContainerState } from '../container-runtime.ts'
import type { ContainerAnswer } from './api-types.ts'
import { OWN_LABELS, PORT_LABEL } from './container-request.ts'

/** Reads an inspect answer. Pure. */
export function containerState(answer: ContainerAnswer): ContainerState {
  const { State: state = {} } = answer
  const running = state.Running === true
  // `created` has not run yet: it has no exit code, although the engines say 0.
  const ended = !running && state.Status !== 'created' && state.Status !== 'configured'
  return {
    id: answer.Id,
    name: (answer.Name ?? '').replace(/^\//, ''),
    labels: visibleLabels(answer.Config?.Labels),
    running,
    address: running ? containerAddress(answer) : undefined,
    exitCode: ended ? state.ExitCode : undefined,
    outOfMemory: state.OOMKilled === true,
    imageId: answer.Image ?? '',
    startedAt: startedAt(state.StartedAt),
  }
}

/** Labels as the caller gave them (and those of the image), without the runtime's own. */
export function visibleLabels(labels: Readonly<Record<string, string>> | null | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(labels ?? {}).filter(([name]) => !OWN_LABELS.includes(name)))
}

/**
 * `host:port` where this machine reaches the container: the published port on loopback if it was made with one, else the
 * container's own address. Undefined while it has neither.
 */
function containerAddress(answer: ContainerAnswer): string | undefined {
  const published = Object.values(answer.NetworkSettings?.Ports ?? {}).flatMap((bindings) => bindings ?? [])
  const loopback = published.find((binding) => binding.HostIp === '127.0.0.1' && binding.HostPort)
  if (loopback !== undefined) return `127.0.0.1:${loopback.HostPort}`
  const networks = Object.values(answer.NetworkSettings?.Networks ?? {})
  const ip = networks.map((network) => network?.IPAddress).find((address) => address)
  const port = answer.Config?.Labels?.[PORT_LABEL]
  return ip === undefined || port === undefined ? undefined : `${ip}:${port}`
}

/** Go's zero time means never. */
function startedAt(text: string | undefined): number {
  const time = Date.parse(text ?? '')
  return Number.isNaN(time) || time < 0 ? 0 : time
}
