import type { WorkHandler, WorkOutcome } from '../../../control/work-queue.ts'
import type { Clock } from '../../../shared/clock.ts'
import { instanceId } from '../../../shared/ids.ts'
import type { ChangeFeed } from '../../../storage/change-feed.ts'
import type { Database } from '../../../storage/database.ts'
import type { Logger } from '../../../telemetry/log.ts'
import { concludeEndpoint } from './conclude-endpoint.ts'
import { planEndpoint, type Step } from './endpoint-plan.ts'
import {
  type EndpointState,
  endpointWrites,
  formatEndpointKey,
  loadEndpoint,
  parseEndpointKey,
} from './endpoint-state.ts'
import { HostingError } from './hosting-error.ts'
import type { InstanceSteps } from './instance-steps.ts'
import { observeEndpoint } from './observe-endpoint.ts'
import { watchGeneration } from './watch-generation.ts'

export interface EndpointControllerDeps {
  readonly database: Database
  readonly changeFeed: ChangeFeed
  readonly clock: Clock
  readonly instances: InstanceSteps
  /** False with `--runtime none`: endpoints reach InService at once, and nothing runs. */
  readonly hosted: boolean
  readonly log: Logger
}

const DONE: WorkOutcome = { done: true }
const AT_ONCE: WorkOutcome = { done: false, againInMilliseconds: 0 }

/**
 * Brings one endpoint a step closer to what is wanted: loads, observes, plans, acts, and alone writes the status. Every
 * step can be repeated, so whichever worker has the item next goes on where this one was stopped.
 */
export function createEndpointController(deps: EndpointControllerDeps): WorkHandler {
  return async (item, signal) => {
    const key = parseEndpointKey(item.key)
    const state = await loadEndpoint(deps.database, key)
    if (state === undefined) {
      await deps.instances.removeStrays(item.key, signal)
      return DONE
    }
    const current = watchGeneration(deps, state, signal)
    try {
      return await reconcile(deps, state, current.signal)
    } catch (error) {
      // What is wanted has changed while we worked on what was wanted before.
      if (current.superseded) return AT_ONCE
      throw error
    } finally {
      current.stop()
    }
  }
}

async function reconcile(
  deps: EndpointControllerDeps,
  state: EndpointState,
  signal: AbortSignal,
): Promise<WorkOutcome> {
  const view = await observeEndpoint(deps.instances, state, deps.hosted, signal)
  const plan = planEndpoint(view, deps.clock.now())
  const failures = await carryOut(deps, state, plan.steps, signal)
  const outcome = await concludeEndpoint(deps, state.key, failures)
  if (outcome !== undefined) return outcome
  return { done: false, againInMilliseconds: plan.againInMilliseconds }
}

/** Does all steps side by side, and forgetting last. Returns why instances failed; any other error is thrown. */
async function carryOut(
  deps: EndpointControllerDeps,
  state: EndpointState,
  steps: readonly Step[],
  signal: AbortSignal,
): Promise<readonly HostingError[]> {
  const forget = steps.some((step) => step.do === 'forget')
  const results = await Promise.allSettled(
    steps.filter((step) => step.do !== 'forget').map((step) => doStep(deps, state, step, signal)),
  )
  const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
  const failures = errors.filter((error) => error instanceof HostingError)
  const bug = errors.find((error) => !(error instanceof HostingError))
  if (bug !== undefined) throw bug
  if (forget && failures.length === 0) {
    const writes = endpointWrites(deps.database, deps.changeFeed, state.key)
    await deps.database.commit([...writes.forget(), writes.announce()])
    deps.log.info({ endpoint: formatEndpointKey(state.key) }, 'endpoint deleted')
  }
  return failures
}

function doStep(deps: EndpointControllerDeps, state: EndpointState, step: Step, signal: AbortSignal): Promise<void> {
  const { instances } = deps
  switch (step.do) {
    case 'add':
      return instances.add(state, step.variant, instanceId(), step.failures, signal)
    case 'start':
      return instances.start(state, step.instance, signal)
    case 'check':
      return instances.check(state, step.instance, signal)
    case 'fail':
      return instances.fail(state, step.instance, `The container ended with exit code ${step.exitCode ?? 'unknown'}.`)
    case 'remove':
      return instances.remove(state, step.instance, signal)
    case 'remove-stray':
      return instances.removeContainer(step.container, signal)
    case 'forget':
      return Promise.resolve()
  }
}
