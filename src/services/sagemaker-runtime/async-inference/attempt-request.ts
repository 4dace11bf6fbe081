import type { AsyncDeps, Workplace } from './async-deps.ts'
import type { AsyncMeter } from './async-meter.ts'
import type { ClaimedRequest } from './async-request.ts'
import type { DataLog } from './data-log.ts'
import type { Deferrals } from './deferrals.ts'
import type { GivenBack } from './given-back.ts'
import type { InstanceSlots } from './instance-slots.ts'
import type { ReadInput } from './read-input.ts'
import { RequestDeferred } from './request-failure.ts'
import { ClaimLost } from './request-queue.ts'
import { countsAgainst, tellable } from './trouble.ts'
import { workOnRequest } from './work-on-request.ts'

/** What the attempts of one instance share. */
export interface AttemptParts {
  readonly deps: AsyncDeps
  readonly slots: InstanceSlots
  readonly deferrals: Deferrals
  readonly givenBack: GivenBack
  readonly meter: AsyncMeter
  readonly log: DataLog
  /** Ends attempts under way: their requests go back. */
  readonly ending: AbortSignal
}

/** Of one attempt. */
export interface Attempt {
  readonly request: ClaimedRequest
  readonly read: ReadInput | undefined
  readonly workplace: Workplace
  /** There were more requests waiting than slots when it began. */
  readonly crowded: boolean
  readonly onAnswered: () => void
}

/** Works on a request to its end, or gives it back to the queue. Never rejects. */
export async function attemptRequest(parts: AttemptParts, attempt: Attempt): Promise<void> {
  const { deps, slots, deferrals, givenBack, meter, log, ending: signal } = parts
  const { request, read, workplace, crowded, onAnswered } = attempt
  try {
    const signs = { read, note: log.note, onAnswered, signal }
    const ending = await workOnRequest(deps, workplace, request, meter, signs)
    if (ending === 'answered') deferrals.answered(request.requestId)
    else deferrals.forget(request.requestId)
    slots.note({ crowded, ok: ending !== 'overloaded' })
  } catch (error) {
    if (error instanceof ClaimLost) return
    if (signal.aborted) return givenBack.untouched([request])
    noteFailure(parts, attempt, error)
    await givenBack.statements([deps.queue.giveBack(request, countsAgainst(error), tellable(error))])
  }
}

function noteFailure({ deps, slots, deferrals, log }: AttemptParts, attempt: Attempt, error: unknown): void {
  const { request, workplace, crowded } = attempt
  const isDeferred = error instanceof RequestDeferred
  if (!isDeferred)
    deps.log.warn(
      { err: error, instance: workplace.instanceId },
      'an asynchronous request was put back: it is tried again',
    )
  log.note(request, `The request was put back: ${tellable(error)}`)
  // What is wrong with storage says nothing of how much the container can do.
  if (isDeferred) slots.note({ crowded, ok: false })
  else deferrals.put(request.requestId, performance.now())
  slots.pause()
}
