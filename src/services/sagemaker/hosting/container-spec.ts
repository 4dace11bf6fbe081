import type { ContainerSpec } from '../../../runtime/container-runtime.ts'
import type { VariantSpec } from '../endpoints/endpoint-spec.ts'
import type { ResolvedContainer } from '../models/resolved-container.ts'
import { capToMachine, type InstanceSize, instanceSize } from './instance-types.ts'

/** The port of the hosting contract; several containers of an instance have this one and those that follow. */
const CONTAINER_PORT = 8080

/** Labels by which containers are found again after a crash. Values hold names only, never secrets. */
export const LABELS = {
  installation: 'io.slipway.installation',
  endpoint: 'io.slipway.endpoint',
  instance: 'io.slipway.instance',
  /** The container's place in the model, from 0; those of versions that knew only lone containers have none. */
  position: 'io.slipway.container',
  /** The model folder that is mounted, so that the cache keeps it. */
  model: 'io.slipway.model',
} as const

/** Which containers may do what, from the configuration. */
export interface ContainerPolicy {
  readonly installation: string
  readonly addedCapabilities: readonly string[]
  readonly pids: number
  readonly machine: InstanceSize
}

export interface InstanceIdentity {
  readonly id: string
  /** `account/region/name-key` */
  readonly endpointKey: string
  readonly endpointName: string
  readonly region: string
}

/** What an engine takes as the weight of one processor, and as the least weight of all. */
const PROCESSOR_WEIGHT = 1024
const LEAST_WEIGHT = 2

/**
 * The containers of an instance share what it has: each may use all that the others leave, and while processors or memory
 * are scarce on the machine all of them together count for no more than their instance type.
 */
function shares(containers: number, cpus: number, memoryBytes: number) {
  const cpuWeight = Math.max(LEAST_WEIGHT, Math.round((PROCESSOR_WEIGHT * cpus) / containers))
  return { cpuWeight, reservedMemoryBytes: Math.floor(memoryBytes / containers) }
}

/** The place of a container in its model, by its labels. */
export const positionOf = (labels: Readonly<Record<string, string>>): number => Number(labels[LABELS.position] ?? 0)

/** One container of an instance, by the hosting contract: the argument `serve`, port 8080, model data read-only. */
export function containerSpec(
  identity: InstanceIdentity,
  variant: VariantSpec,
  position: number,
  image: string,
  modelDirectory: string | undefined,
  policy: ContainerPolicy,
): ContainerSpec & { readonly capped: boolean } {
  const wanted = instanceSize(variant.instanceType) ?? policy.machine
  const { cpus, memoryBytes, capped } = capToMachine(wanted, policy.machine)
  const container = variant.containers[position] as ResolvedContainer
  const several = variant.containers.length > 1
  const port = CONTAINER_PORT + position
  const name = `slipway-${identity.endpointName.toLowerCase()}-${identity.id}`
  return {
    name: several ? `${name}-${position + 1}` : name,
    ...(several && container.hostname !== undefined && { hostname: container.hostname }),
    image,
    command: ['serve'],
    environment: {
      SAGEMAKER_SAFE_PORT_RANGE: '23000-23999',
      AWS_REGION: identity.region,
      AWS_DEFAULT_REGION: identity.region,
      ...container.environment,
      ...(several && { SAGEMAKER_BIND_TO_PORT: String(port) }),
    },
    labels: {
      [LABELS.installation]: policy.installation,
      [LABELS.endpoint]: identity.endpointKey,
      [LABELS.instance]: identity.id,
      [LABELS.position]: String(position),
      ...(modelDirectory !== undefined && { [LABELS.model]: modelDirectory }),
    },
    mounts: modelDirectory === undefined ? [] : [{ source: modelDirectory, target: '/opt/ml/model', readOnly: true }],
    port,
    memoryBytes,
    cpus,
    ...shares(variant.containers.length, cpus, memoryBytes),
    pids: policy.pids,
    network: variant.networkIsolation ? 'isolated' : 'open',
    addedCapabilities: policy.addedCapabilities,
    capped,
  }
}
