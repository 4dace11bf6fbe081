import type { ContainerSpec } from '../../../runtime/container-runtime.ts'
import type { VariantSpec } from '../endpoints/endpoint-spec.ts'
import type { ResolvedContainer } from '../models/resolved-container.ts'
import { capToMachine, type InstanceSize, instanceSize } from './instance-types.ts'

/** The port of the hosting contract. */
const CONTAINER_PORT = 8080

/** Labels by which containers are found again after a crash. Values hold names only, never secrets. */
export const LABELS = {
  installation: 'io.slipway.installation',
  endpoint: 'io.slipway.endpoint',
  instance: 'io.slipway.instance',
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

/** The container of one instance, by the hosting contract: the argument `serve`, port 8080, model data read-only. */
export function containerSpec(
  identity: InstanceIdentity,
  variant: VariantSpec,
  container: ResolvedContainer,
  image: string,
  modelDirectory: string | undefined,
  policy: ContainerPolicy,
): ContainerSpec & { readonly capped: boolean } {
  const wanted = instanceSize(variant.instanceType) ?? policy.machine
  const { cpus, memoryBytes, capped } = capToMachine(wanted, policy.machine)
  return {
    name: `slipway-${identity.endpointName.toLowerCase()}-${identity.id}`,
    image,
    command: ['serve'],
    environment: {
      SAGEMAKER_SAFE_PORT_RANGE: '23000-23999',
      AWS_REGION: identity.region,
      AWS_DEFAULT_REGION: identity.region,
      ...container.environment,
    },
    labels: {
      [LABELS.installation]: policy.installation,
      [LABELS.endpoint]: identity.endpointKey,
      [LABELS.instance]: identity.id,
      ...(modelDirectory !== undefined && { [LABELS.model]: modelDirectory }),
    },
    mounts: modelDirectory === undefined ? [] : [{ source: modelDirectory, target: '/opt/ml/model', readOnly: true }],
    port: CONTAINER_PORT,
    memoryBytes,
    cpus,
    pids: policy.pids,
    network: variant.networkIsolation ? 'isolated' : 'open',
    addedCapabilities: policy.addedCapabilities,
    capped,
  }
}
