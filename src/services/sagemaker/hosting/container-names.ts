import type { VariantSpec } from '../endpoints/endpoint-spec.ts'
import type { ResolvedContainer } from '../models/resolved-container.ts'

/** A container's name in rows, metrics and log streams. Source: ContainerDefinition (API reference). */
export const containerName = ({ hostname }: Pick<ResolvedContainer, 'hostname'>, position: number): string =>
  hostname ?? `container_${position + 1}`

/** What sentences call a container of a variant: a lone one is the primary one. */
export function containerTitle({ containers }: Pick<VariantSpec, 'containers'>, position: number): string {
  const container = containers[position]
  return containers.length === 1 || container === undefined ? 'primary' : containerName(container, position)
}
