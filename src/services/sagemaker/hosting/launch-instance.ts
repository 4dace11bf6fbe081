import { type ContainerRuntime, type RunningContainer, RuntimeError } from '../../../runtime/container-runtime.ts'
import type { Logger } from '../../../telemetry/log.ts'
import type { VariantSpec } from '../endpoints/endpoint-spec.ts'
import type { ResolvedContainer } from '../models/resolved-container.ts'
import { type ContainerPolicy, containerSpec, type InstanceIdentity } from './container-spec.ts'
import { containerNotStarted, pingFailed } from './failure-reason.ts'
import { HostingError } from './hosting-error.ts'
import { pingUntilHealthy } from './ping.ts'
import type { PreparedVariant } from './prepare-variant.ts'

export interface LaunchDeps {
  readonly runtime: ContainerRuntime
  readonly policy: ContainerPolicy
  /** Seconds a container has to answer its first ping, unless the variant says otherwise. */
  readonly startupSeconds: number
  readonly log: Logger
}

/** Creates and starts the container of an instance. Throws HostingError; then no container is left. */
export async function startInstance(
  deps: LaunchDeps,
  identity: InstanceIdentity,
  variant: VariantSpec,
  container: ResolvedContainer,
  prepared: PreparedVariant,
  signal: AbortSignal,
): Promise<RunningContainer> {
  const spec = containerSpec(identity, variant, container, prepared.image, prepared.modelDirectory, deps.policy)
  if (spec.capped)
    deps.log.warn(
      {
        endpoint: identity.endpointName,
        instance: identity.id,
        instanceType: variant.instanceType,
        cpus: spec.cpus,
        memoryBytes: spec.memoryBytes,
      },
      'the instance type is larger than this machine: the container gets what there is',
    )
  try {
    return await deps.runtime.startContainer(spec, signal)
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error
    const transient = error.reason === 'unreachable' || error.reason === 'conflict' || error.reason === 'other'
    throw new HostingError(containerNotStarted(variant.name, error), { transient, cause: error })
  }
}

/** Waits until a started container answers /ping. Throws HostingError (worth another try) when it does not in time. */
export async function awaitHealthy(
  deps: LaunchDeps,
  variant: VariantSpec,
  running: RunningContainer,
  signal: AbortSignal,
): Promise<void> {
  const seconds = variant.startupHealthCheckSeconds ?? deps.startupSeconds
  const state = () => deps.runtime.inspectContainer(running.id, signal)
  const deadline = performance.now() + seconds * 1000
  const problem = await pingUntilHealthy(
    running.address,
    deadline,
    async () => (await state())?.running === true,
    signal,
  )
  if (problem === undefined) return
  const ended = await state()
  const detail =
    ended === undefined || ended.running
      ? `${problem} within ${seconds} s.`
      : ended.outOfMemory
        ? 'The container ran out of memory and was killed.'
        : `The container ended with exit code ${ended.exitCode ?? 'unknown'}.`
  throw new HostingError(pingFailed(variant.name, detail), { transient: true })
}
