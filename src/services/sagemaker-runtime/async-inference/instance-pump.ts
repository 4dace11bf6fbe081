import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { WorkerDrainsError, type WorkHandler, type WorkOutcome } from '../../../control/work-queue.ts'
import { StorageError } from '../../../storage/errors.ts'
import type { AsyncDeps, Workplace } from './async-deps.ts'
import { AsyncMeter } from './async-meter.ts'
import { type AttemptParts, attemptRequest } from './attempt-request.ts'
import { Bell } from './bell.ts'
import { openDataLog } from './data-log.ts'
import { Deferrals } from './deferrals.ts'
import { findWorkplace, isHealthy, isInRoute } from './find-workplace.ts'
import { GivenBack } from './given-back.ts'
import type { InstanceRings } from './instance-rings.ts'
import { InstanceSlots, PAUSE_MILLISECONDS } from './instance-slots.ts'
import { TakenRequests } from './taken-requests.ts'

/** What no bell tells is looked at this often: other weights, rows that another worker has given back. */
const LOOK_MILLISECONDS = 1_000
/** A worker that stops lets requests end for this long; then they go back into the queue. */
const GRACE_MILLISECONDS = 2_000

/**
 * Takes requests from the queue for one instance, as many at once as it may have, oldest first, until the instance has left its
 * endpoint's routes; then waits for those that it has. Whoever takes up the item after a worker that died begins by
 * giving back what that one had.
 */
export function createInstancePump(deps: AsyncDeps, bells: InstanceRings): WorkHandler {
  return async ({ key }, signal) => {
    const parts = key.split('/')
    const instanceId = parts.pop() as string
    const routeKey = parts.join('/')
    const claim = randomUUID()
    // Whether the instance is still there or has died with the worker that had this item.
    const [recovered] = await deps.database.commit([deps.queue.recover(instanceId, claim)])
    const first = await findWorkplace(deps, routeKey, instanceId)
    // This worker's routes may be older than the item.
    if (first === undefined) return againWhileHealthy(deps, instanceId)
    const pump = new InstancePump(deps, bells, routeKey, claim, first, signal)
    const unsubscribe = bells.add(pump.queueId, pump.bell)
    if (recovered !== undefined && recovered.affected > 0) bells.givenBack(pump.queueId)
    try {
      await pump.run()
      return await againWhileHealthy(deps, instanceId)
    } finally {
      unsubscribe()
      await pump.close()
    }
  }
}

/** An instance that is between two states of its row is looked at once more. */
const againWhileHealthy = async (deps: AsyncDeps, instanceId: string): Promise<WorkOutcome> =>
  (await isHealthy(deps, instanceId)) ? { done: false, againInMilliseconds: PAUSE_MILLISECONDS } : { done: true }

class InstancePump {
  readonly bell = new Bell()
  readonly queueId: string
  readonly #deps: AsyncDeps
  readonly #routeKey: string
  readonly #instanceId: string
  readonly #signal: AbortSignal
  /** Ends the requests under way. */
  readonly #ending = new AbortController()
  readonly #slots: InstanceSlots
  readonly #taken: TakenRequests
  readonly #givenBack: GivenBack
  readonly #attempts: AttemptParts
  #workplace: Workplace

  constructor(
    deps: AsyncDeps,
    bells: InstanceRings,
    routeKey: string,
    claim: string,
    workplace: Workplace,
    signal: AbortSignal,
  ) {
    const { route, variant, instanceId } = workplace
    this.#deps = deps
    this.#routeKey = routeKey
    this.#instanceId = instanceId
    this.#workplace = workplace
    this.#signal = signal
    this.queueId = route.async?.queueId ?? ''
    const [slots, deferrals] = [new InstanceSlots(variant.maxConcurrency), new Deferrals()]
    this.#slots = slots
    this.#taken = new TakenRequests({ deps, bells, queueId: this.queueId, instanceId, claim, slots, deferrals })
    this.#givenBack = new GivenBack(deps, bells, this.queueId, instanceId)
    this.#attempts = {
      ...{ deps, slots, deferrals, givenBack: this.#givenBack, ending: this.#ending.signal },
      meter: new AsyncMeter(deps.cloudwatch, route, variant.name),
      log: openDataLog(deps, () => this.#workplace),
    }
  }

  /** Until the instance has left its routes, or the worker stops. */
  async run(): Promise<void> {
    const onAbort = () => this.bell.ring()
    this.#signal.addEventListener('abort', onAbort)
    try {
      while (!this.#signal.aborted) {
        const workplace = await findWorkplace(this.#deps, this.#routeKey, this.#instanceId)
        if (workplace === undefined || workplace.route.async?.queueId !== this.queueId) break
        this.#adopt(workplace)
        await this.#givenBack.again()
        if (!this.#hasTraffic || this.#taken.isIdle(performance.now())) await this.#giveBackTaken()
        this.#fill()
        await this.#take()
        await this.bell.wait(LOOK_MILLISECONDS)
        // Those that have ended together are replaced together.
        await setImmediate()
      }
      if (this.#signal.aborted) await this.#leave()
      else await this.#finish()
    } finally {
      this.#signal.removeEventListener('abort', onAbort)
    }
  }

  async close(): Promise<void> {
    this.#ending.abort()
    await this.#slots.allEnded()
    await this.#giveBackTaken()
    await this.#attempts.log.close()
    this.#attempts.meter.close()
  }

  /** The role that was found for the same variant stays known. */
  #adopt(workplace: Workplace): void {
    const { variant, principal } = this.#workplace
    const same = variant.executionRoleArn === workplace.variant.executionRoleArn
    this.#workplace = same ? { ...workplace, principal } : workplace
    this.#slots.limitTo(workplace.variant.maxConcurrency)
  }

  /** A variant gets none before an update gives it some, or because its weight says so. */
  get #hasTraffic(): boolean {
    const { weight, share } = this.#workplace.variant
    return weight * share > 0
  }

  async #take(): Promise<void> {
    if (!this.#hasTraffic || this.#slots.isPaused(performance.now())) return
    try {
      await this.#taken.take(this.#workplace)
      this.#fill()
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
      this.#slots.pause()
    }
  }

  /** An instance that has left its route may be ended as soon as it owes no answers, which may be at this moment. */
  get #mayBeSentTo(): boolean {
    return this.#taken.count > 0 && isInRoute(this.#deps, this.#routeKey, this.#instanceId)
  }

  /** Begins with what was taken ahead, as far as there are slots. */
  #fill(): void {
    const now = performance.now()
    if (this.#signal.aborted || this.#ending.signal.aborted || this.#slots.isPaused(now)) return
    while (this.#slots.free > 0 && this.#mayBeSentTo) {
      const next = this.#taken.next(now)
      if (next === undefined) return
      const ended = this.#deps.ends.expect()
      const begin = (onAnswered: () => void) => {
        const attempt = { ...next, workplace: this.#workplace, crowded: this.#taken.isCrowded, onAnswered }
        return attemptRequest(this.#attempts, attempt).finally(ended)
      }
      this.#slots.run(begin, this.#onSlots)
    }
  }

  readonly #onSlots = {
    left: () => {
      this.#fill()
      this.bell.ring()
    },
    ended: () => this.bell.ring(),
  }

  /** Others may have what this instance has not begun with. */
  #giveBackTaken(): Promise<void> {
    return this.#givenBack.untouched(this.#taken.leave())
  }

  /** The instance is to end: it takes no more, and has what it has. An endpoint that is deleted waits for nothing. */
  async #finish(): Promise<void> {
    await this.#giveBackTaken()
    // What could not be put back is nobody's once this item is done.
    while ((this.#slots.underWay > 0 || this.#givenBack.areStranded) && !this.#signal.aborted) {
      const route = await this.#deps.routes.find(this.#routeKey)
      // Another endpoint may have its name by now.
      if (route?.async?.queueId !== this.queueId) return
      await this.#givenBack.again()
      await this.bell.wait(LOOK_MILLISECONDS)
    }
    if (this.#signal.aborted) await this.#leave()
  }

  async #leave(): Promise<void> {
    await this.#giveBackTaken()
    if (this.#signal.reason instanceof WorkerDrainsError) {
      const until = performance.now() + GRACE_MILLISECONDS
      while (this.#slots.underWay > 0 && performance.now() < until) await this.bell.wait(100)
    }
    this.#ending.abort()
    await this.#slots.allEnded()
    this.#signal.throwIfAborted()
  }
}
