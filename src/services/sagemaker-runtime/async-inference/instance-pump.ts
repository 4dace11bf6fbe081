import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { WorkerDrainsError, type WorkHandler } from '../../../control/work-queue.ts'
import type { Route } from '../../../dataplane/route.ts'
import type { Statement } from '../../../storage/database.ts'
import { StorageError } from '../../../storage/errors.ts'
import type { AsyncDeps, Workplace } from './async-deps.ts'
import { AsyncMeter } from './async-meter.ts'
import type { ClaimedRequest } from './async-request.ts'
import { Bell } from './bell.ts'
import { AdaptiveLimit, type ConcurrencyLimit, fixedLimit } from './concurrency-limit.ts'
import { openDataLog } from './data-log.ts'
import { Deferrals } from './deferrals.ts'
import { executionRole } from './execution-role.ts'
import type { InstanceRings } from './instance-rings.ts'
import { LookFrom } from './look-from.ts'
import { Pace } from './pace.ts'
import { type ReadInput, readSmallInputs } from './read-input.ts'
import { RequestDeferred } from './request-failure.ts'
import { ClaimLost } from './request-queue.ts'
import { countsAgainst, tellable } from './trouble.ts'
import { workOnRequest } from './work-on-request.ts'

/** What no bell tells is looked at this often: other weights, rows that another worker has given back. */
const LOOK_MILLISECONDS = 1_000
/** After what is wrong with storage or the instance, until the next request is taken. */
const PAUSE_MILLISECONDS = 500
/** A worker that stops lets requests end for this long; then they go back into the queue. */
const GRACE_MILLISECONDS = 2_000
/** So much work, in milliseconds, is taken before the instance has slots for it, so that it never waits for the queue. */
const AHEAD_MILLISECONDS = 100
/** What was taken ahead and is not begun with in this time is for other instances. */
const IDLE_MILLISECONDS = 1_000
/** An input that was read longer ago is read again. */
const FRESH_MILLISECONDS = 250
/** Requests that have left the container and are not yet ended. */
const MOST_ENDING = 128

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
    if (first === undefined) {
      // This worker's routes may be older than the item.
      const stands = await isHealthy(deps, instanceId)
      return stands ? { done: false, againInMilliseconds: PAUSE_MILLISECONDS } : { done: true }
    }
    const queueId = first.route.async?.queueId ?? ''
    const pump = new InstancePump(deps, bells, routeKey, instanceId, claim, first, signal)
    const unsubscribe = bells.add(queueId, pump.bell)
    if (recovered !== undefined && recovered.affected > 0) bells.givenBack(queueId)
    try {
      return await pump.run()
    } finally {
      unsubscribe()
      await pump.close()
    }
  }
}

async function isHealthy({ database }: AsyncDeps, instanceId: string): Promise<boolean> {
  const row = await database.query
    .selectFrom('endpoint_instances')
    .innerJoin('endpoints', (join) =>
      join
        .onRef('endpoints.account', '=', 'endpoint_instances.account')
        .onRef('endpoints.region', '=', 'endpoint_instances.region')
        .onRef('endpoints.name_key', '=', 'endpoint_instances.name_key'),
    )
    .select('id')
    .where('id', '=', instanceId)
    .where('state', '=', 'Healthy')
    .where('endpoints.status', 'not in', ['Deleting', 'Failed'])
    .executeTakeFirst()
  return row !== undefined
}

/** Where an instance works; undefined while it is in no route. */
async function findWorkplace(deps: AsyncDeps, routeKey: string, instanceId: string): Promise<Workplace | undefined> {
  const route = await deps.routes.find(routeKey)
  if (route?.async === undefined) return undefined
  return workplaceIn(deps, route, instanceId)
}

function workplaceIn(deps: AsyncDeps, route: Route, instanceId: string): Workplace | undefined {
  for (const variant of route.variants) {
    const instances = variant.instances.filter(({ id }) => id === instanceId)
    if (instances.length === 0) continue
    const principal = executionRole(deps, variant.executionRoleArn)
    return { route, variant: { ...variant, instances }, instanceId, principal }
  }
  return undefined
}

/** Claimed, and not begun with. */
interface ReadyRequest {
  readonly request: ClaimedRequest
  readonly read: ReadInput | undefined
  /** `performance.now()` */
  readonly readAt: number
}

class InstancePump {
  readonly bell = new Bell()
  readonly #deps: AsyncDeps
  readonly #bells: InstanceRings
  readonly #routeKey: string
  readonly #instanceId: string
  readonly #signal: AbortSignal
  /** Ends the requests under way. */
  readonly #ending = new AbortController()
  readonly #claim: string
  readonly #inFlight = new Set<Promise<void>>()
  /** Slots of the instance that are taken. */
  #busy = 0
  #ready: ReadyRequest[] = []
  #readySince = 0
  readonly #pace = new Pace()
  readonly #stranded: Statement[] = []
  readonly #deferrals = new Deferrals()
  readonly #from = new LookFrom()
  readonly #meter: AsyncMeter
  readonly #log
  #workplace: Workplace
  #limit: ConcurrencyLimit
  #limitedTo: number | undefined
  #pausedUntil = 0
  /** The last look found as many as it asked for. */
  #crowded = false

  constructor(
    deps: AsyncDeps,
    bells: InstanceRings,
    routeKey: string,
    instanceId: string,
    claim: string,
    workplace: Workplace,
    signal: AbortSignal,
  ) {
    this.#deps = deps
    this.#bells = bells
    this.#routeKey = routeKey
    this.#instanceId = instanceId
    this.#claim = claim
    this.#workplace = workplace
    this.#signal = signal
    this.#limitedTo = workplace.variant.maxConcurrency
    this.#limit = limitOf(this.#limitedTo)
    this.#meter = new AsyncMeter(deps.cloudwatch, workplace.route, workplace.variant.name)
    this.#log = openDataLog(deps, () => this.#workplace)
  }

  async run() {
    const queueId = this.#queueId
    const onAbort = () => this.bell.ring()
    this.#signal.addEventListener('abort', onAbort)
    try {
      while (!this.#signal.aborted) {
        const workplace = await findWorkplace(this.#deps, this.#routeKey, this.#instanceId)
        if (workplace === undefined || workplace.route.async?.queueId !== queueId) break
        this.#adopt(workplace)
        await this.#giveBackStranded()
        if (this.#ready.length > 0 && (!this.#hasTraffic || performance.now() - this.#readySince > IDLE_MILLISECONDS))
          await this.#giveBackReady()
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
    // An instance that is between two states of its row is looked at once more.
    return (await isHealthy(this.#deps, this.#instanceId))
      ? ({ done: false, againInMilliseconds: PAUSE_MILLISECONDS } as const)
      : ({ done: true } as const)
  }

  async close(): Promise<void> {
    this.#ending.abort()
    await Promise.all(this.#inFlight)
    await this.#giveBackReady()
    await this.#log.close()
    this.#meter.close()
  }

  get #queueId(): string {
    return this.#workplace.route.async?.queueId ?? ''
  }

  /** The role that was found for the same variant stays known. */
  #adopt(workplace: Workplace): void {
    const { variant } = this.#workplace
    const same = variant.executionRoleArn === workplace.variant.executionRoleArn
    this.#workplace = same ? { ...workplace, principal: this.#workplace.principal } : workplace
    if (workplace.variant.maxConcurrency === this.#limitedTo) return
    this.#limitedTo = workplace.variant.maxConcurrency
    this.#limit = limitOf(this.#limitedTo)
  }

  /** Free slots of the instance. */
  get #free(): number {
    const free = this.#limit.current - this.#busy
    return Math.min(free, this.#limit.current + MOST_ENDING - this.#inFlight.size)
  }

  /** A variant gets none before an update gives it some, or because its weight says so. */
  get #hasTraffic(): boolean {
    const { weight, share } = this.#workplace.variant
    return weight * share > 0
  }

  /** Takes what there are slots for, and what there will be in a moment. */
  async #take(): Promise<void> {
    const { queue, clock } = this.#deps
    const now = performance.now()
    if (!this.#hasTraffic || now < this.#pausedUntil) return
    const free = Math.max(0, this.#free)
    const ahead = this.#pace.within(AHEAD_MILLISECONDS, now)
    const wanted = free + ahead - this.#ready.length
    // As long as half of it is there, the next look takes more at once.
    if (wanted <= 0 || (free === 0 && this.#ready.length * 2 > ahead)) return
    const begunAt = clock.now()
    const after = this.#from.after(now, this.#bells.returns(this.#queueId))
    try {
      // Where the last claim found all that it asked for there will be more.
      if (!this.#crowded && !(await queue.hasWaiting(this.#queueId, after))) return this.#from.nothingLeft(begunAt)
      const held = this.#deferrals.held(now)
      const requests = await queue.claim(this.#queueId, this.#instanceId, this.#claim, wanted, held, after)
      this.#crowded = requests.length === wanted
      if (!this.#crowded && held.length === 0) this.#from.nothingLeft(begunAt)
      this.#ready.push(...(await this.#withInputs(requests)))
      this.#readySince = performance.now()
      this.#fill()
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
      this.#pause()
    }
  }

  /** Small inputs are read together; what is wrong with one is found by whoever works on it. */
  async #withInputs(requests: readonly ClaimedRequest[]): Promise<readonly ReadyRequest[]> {
    let inputs: ReadonlyMap<string, ReadInput> = new Map()
    try {
      inputs = await readSmallInputs(this.#deps, requests, await this.#workplace.principal())
    } catch (err) {
      this.#deps.log.debug({ err, instance: this.#instanceId }, 'inputs are read one by one')
    }
    const readAt = performance.now()
    return requests.map((request) => ({ request, read: inputs.get(request.requestId), readAt }))
  }

  /** An instance that has left its route may be ended as soon as it owes no answers, which may be at this moment. */
  get #mayBeSentTo(): boolean {
    if (this.#ready.length === 0) return false
    const route = this.#deps.routes.find(this.#routeKey)
    if (route instanceof Promise) {
      // Nobody knows better while it is read.
      route.catch(() => {})
      return true
    }
    return route?.variants.some(({ instances }) => instances.some(({ id }) => id === this.#instanceId)) ?? false
  }

  /** Begins with what was taken ahead, as far as there are slots. */
  #fill(): void {
    const now = performance.now()
    if (this.#signal.aborted || this.#ending.signal.aborted || now < this.#pausedUntil) return
    while (this.#free > 0 && this.#mayBeSentTo) {
      const ready = this.#ready.shift()
      if (ready === undefined) return
      this.#readySince = now
      // Who may no longer read it is to be noticed.
      this.#begin(ready.request, now - ready.readAt < FRESH_MILLISECONDS ? ready.read : undefined)
    }
  }

  #begin(request: ClaimedRequest, read: ReadInput | undefined): void {
    const ended = this.#deps.ends.expect()
    let hasSlot = true
    this.#busy++
    const leave = () => {
      if (!hasSlot) return
      hasSlot = false
      this.#busy--
      this.#pace.note(performance.now())
      this.#fill()
      this.bell.ring()
    }
    const work = this.#work(request, read, leave).finally(() => {
      this.#inFlight.delete(work)
      ended()
      leave()
      this.bell.ring()
    })
    this.#inFlight.add(work)
  }

  /** Never rejects. */
  async #work(request: ClaimedRequest, read: ReadInput | undefined, onAnswered: () => void): Promise<void> {
    const { log, queue } = this.#deps
    const crowded = this.#crowded
    try {
      const signal = this.#ending.signal
      const signs = { read, note: this.#log.note, onAnswered, signal }
      const ending = await workOnRequest(this.#deps, this.#workplace, request, this.#meter, signs)
      if (ending === 'answered') this.#deferrals.answered(request.requestId)
      else this.#deferrals.forget(request.requestId)
      this.#limit.note({ crowded, ok: ending !== 'overloaded' }, performance.now())
    } catch (error) {
      if (error instanceof ClaimLost) return
      if (!this.#ending.signal.aborted) {
        if (!(error instanceof RequestDeferred))
          log.warn(
            { err: error, instance: this.#instanceId },
            'an asynchronous request was put back: it is tried again',
          )
        this.#log.note(request, `The request was put back: ${tellable(error)}`)
        // What is wrong with storage says nothing of how much the container can do.
        if (error instanceof RequestDeferred) this.#limit.note({ crowded, ok: false }, performance.now())
        else this.#deferrals.put(request.requestId, performance.now())
        this.#pause()
      }
      const back = this.#ending.signal.aborted
        ? queue.giveBack(request, false)
        : queue.giveBack(request, countsAgainst(error), tellable(error))
      await this.#putBack([back]).catch((err: unknown) => {
        log.warn({ err, instance: this.#instanceId }, 'an asynchronous request could not be put back yet')
        this.#stranded.push(back)
      })
    }
  }

  async #putBack(statements: readonly Statement[]): Promise<void> {
    await this.#deps.database.commit(statements)
    this.#bells.givenBack(this.#queueId)
  }

  /** What could not be put back is still claimed by this item, and nobody else would. */
  async #giveBackStranded(): Promise<void> {
    const stranded = this.#stranded.splice(0)
    if (stranded.length === 0) return
    await this.#putBack(stranded).catch(() => this.#stranded.push(...stranded))
  }

  /** Others may have what this instance has not begun with. */
  async #giveBackReady(): Promise<void> {
    const back = this.#ready.splice(0).map(({ request }) => this.#deps.queue.giveBack(request, false))
    if (back.length === 0) return
    await this.#putBack(back).catch((err: unknown) => {
      this.#deps.log.warn({ err, instance: this.#instanceId }, 'asynchronous requests could not be put back yet')
      this.#stranded.push(...back)
    })
  }

  #pause(): void {
    this.#pausedUntil = performance.now() + PAUSE_MILLISECONDS
  }

  /** The instance is to end: it takes no more, and has what it has. An endpoint that is deleted waits for nothing. */
  async #finish(): Promise<void> {
    const queueId = this.#queueId
    await this.#giveBackReady()
    // What could not be put back is nobody's once this item is done.
    while ((this.#inFlight.size > 0 || this.#stranded.length > 0) && !this.#signal.aborted) {
      const route = await this.#deps.routes.find(this.#routeKey)
      // Another endpoint may have its name by now.
      if (route?.async?.queueId !== queueId) return
      await this.#giveBackStranded()
      await this.bell.wait(LOOK_MILLISECONDS)
    }
    if (this.#signal.aborted) await this.#leave()
  }

  async #leave(): Promise<void> {
    await this.#giveBackReady()
    if (this.#signal.reason instanceof WorkerDrainsError) {
      const until = performance.now() + GRACE_MILLISECONDS
      while (this.#inFlight.size > 0 && performance.now() < until) await this.bell.wait(100)
    }
    this.#ending.abort()
    await Promise.all(this.#inFlight)
    this.#signal.throwIfAborted()
  }
}

const limitOf = (most: number | undefined): ConcurrencyLimit =>
  most === undefined ? new AdaptiveLimit() : fixedLimit(most)
