import type { AsyncDeps, Workplace } from './async-deps.ts'
import type { ClaimedRequest } from './async-request.ts'
import type { Deferrals } from './deferrals.ts'
import type { InstanceRings } from './instance-rings.ts'
import type { InstanceSlots } from './instance-slots.ts'
import { LookFrom } from './look-from.ts'
import { type ReadInput, readSmallInputs } from './read-input.ts'

/** So much work, in milliseconds, is taken before the instance has slots for it, so that it never waits for the queue. */
const AHEAD_MILLISECONDS = 100
/** What was taken ahead and is not begun with in this time is for other instances. */
const IDLE_MILLISECONDS = 1_000
/** An input that was read longer ago is read again. */
const FRESH_MILLISECONDS = 250

/** Claimed, and not begun with. */
interface TakenRequest {
  readonly request: ClaimedRequest
  readonly read: ReadInput | undefined
  /** `performance.now()` */
  readonly readAt: number
}

interface TakenParts {
  readonly deps: AsyncDeps
  readonly bells: InstanceRings
  readonly queueId: string
  readonly instanceId: string
  /** Of the item under which requests are claimed. */
  readonly claim: string
  readonly slots: InstanceSlots
  readonly deferrals: Deferrals
}

/** The requests that an instance has claimed ahead, oldest first, and the inputs that were read with them. */
export class TakenRequests {
  readonly #parts: TakenParts
  readonly #from = new LookFrom()
  #taken: TakenRequest[] = []
  /** `performance.now()` */
  #since = 0
  #crowded = false

  constructor(parts: TakenParts) {
    this.#parts = parts
  }

  get count(): number {
    return this.#taken.length
  }

  /** The last look found as many as it asked for. */
  get isCrowded(): boolean {
    return this.#crowded
  }

  /** None was begun with for so long that others should have them. */
  isIdle(now: number): boolean {
    return this.#taken.length > 0 && now - this.#since > IDLE_MILLISECONDS
  }

  /** Takes what there are slots for, and what there will be in a moment. @throws StorageError */
  async take(workplace: Workplace): Promise<void> {
    const { deps, bells, queueId, instanceId, claim, slots, deferrals } = this.#parts
    const { queue, clock } = deps
    const now = performance.now()
    const free = Math.max(0, slots.free)
    const ahead = slots.freeWithin(AHEAD_MILLISECONDS, now)
    const wanted = free + ahead - this.#taken.length
    // As long as half of it is there, the next look takes more at once.
    if (wanted <= 0 || (free === 0 && this.#taken.length * 2 > ahead)) return
    const begunAt = clock.now()
    const after = this.#from.after(now, bells.returns(queueId))
    // Where the last claim found all that it asked for there will be more.
    if (!this.#crowded && !(await queue.hasWaiting(queueId, after))) return this.#from.nothingLeft(begunAt)
    const held = deferrals.held(now)
    const requests = await queue.claim(queueId, instanceId, claim, wanted, held, after)
    this.#crowded = requests.length === wanted
    if (!this.#crowded && held.length === 0) this.#from.nothingLeft(begunAt)
    this.#taken.push(...(await this.#withInputs(requests, workplace)))
    this.#since = performance.now()
  }

  /** The oldest, for an instance that begins with it now. */
  next(now: number): { readonly request: ClaimedRequest; readonly read: ReadInput | undefined } | undefined {
    const oldest = this.#taken.shift()
    if (oldest === undefined) return undefined
    this.#since = now
    // Who may no longer read it is to be noticed.
    return { request: oldest.request, read: now - oldest.readAt < FRESH_MILLISECONDS ? oldest.read : undefined }
  }

  /** All of them, which are taken no longer. */
  leave(): readonly ClaimedRequest[] {
    return this.#taken.splice(0).map(({ request }) => request)
  }

  /** Small inputs are read together; what is wrong with one is found by whoever works on it. */
  async #withInputs(requests: readonly ClaimedRequest[], workplace: Workplace): Promise<readonly TakenRequest[]> {
    const { deps, instanceId } = this.#parts
    let inputs: ReadonlyMap<string, ReadInput> = new Map()
    try {
      inputs = await readSmallInputs(deps, requests, await workplace.principal())
    } catch (err) {
      deps.log.debug({ err, instance: instanceId }, 'inputs are read one by one')
    }
    const readAt = performance.now()
    return requests.map((request) => ({ request, read: inputs.get(request.requestId), readAt }))
  }
}
