import { type ContainerRuntime, type RunningContainer, RuntimeError } from '../../../runtime/container-runtime.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { Logger } from '../../../telemetry/log.ts'
import type { VariantSpec } from '../endpoints/endpoint-spec.ts'
import { containerTitle } from './container-names.ts'
import { type ContainerPolicy, containerSpec, type InstanceIdentity } from './container-spec.ts'
import { containerNotStarted } from './failure-reason.ts'
import { HostingError } from './hosting-error.ts'
import { endOf } from './keep-healthy.ts'
import { pingUntilHealthy } from './ping.ts'
import type { PreparedContainer } from './prepare-variant.ts'

export interface LaunchDeps {
  readonly runtime: ContainerRuntime
  readonly policy: ContainerPolicy
  /** Seconds a container has to answer its first ping, unless the variant says otherwise. */
  readonly startupSeconds: number
  readonly clock: Clock
  readonly log: Logger
}

/** Creates and starts one container of an instance. Throws HostingError; then it is not left behind. */
export async function startContainer(
  deps: LaunchDeps,
  identity: InstanceIdentity,
  variant: VariantSpec,
  position: number,
  prepared: PreparedContainer,
  signal: AbortSignal,
): Promise<RunningContainer> {
  const spec = containerSpec(identity, variant, position, prepared.image, prepared.modelDirectory, deps.policy)
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
    if (!(error instanceof RuntimeError) || error.reason === 'unreachable') throw error
    const transient = error.reason === 'conflict' || error.reason === 'not-found' || error.reason === 'other'
    throw new HostingError(containerNotStarted(variant.name, error, containerTitle(variant, position)), {
      transient,
      cause: error,
    })
  }
}

/** A container that has started and does not answer. Becomes a HostingError with those beside it. */
export class PingFailure extends Error {
  override readonly name = 'PingFailure'
  /** Worth another try when it has ended, but not when it has run for all the time it had. */
  readonly transient: boolean

  constructor(detail: string, transient: boolean) {
    super(detail)
    this.transient = transient
  }
}

/** Waits until a started container answers /ping. Throws PingFailure when it does not. */
export async function awaitHealthy(
  deps: LaunchDeps,
  variant: VariantSpec,
  running: RunningContainer & { readonly startedAt: number },
  signal: AbortSignal,
): Promise<void> {
  const seconds = variant.startupHealthCheckSeconds ?? deps.startupSeconds
  const spent = Math.max(0, deps.clock.now() - running.startedAt)
  const deadline = performance.now() + seconds * 1000 - spent
  const state = () => deps.runtime.inspectContainer(running.id, signal)
  const alive = async () => (await state())?.running === true
  const problem = await pingUntilHealthy(running.address, deadline, alive, signal)
  if (problem === undefined) return
  const found = await state()
  if (found?.running === true)
    throw new PingFailure(`${problem.text}; the container had ${seconds} s to answer 200.`, false)
  throw new PingFailure(found === undefined ? 'The container was removed.' : endOf(found), true)
}
