import { wait } from '../../../shared/wait.ts'
import { ServiceError } from '../../../wire/service-error.ts'
import type { OpenFunction } from '../../lambda/facade.ts'
import type { OpenQueue } from '../../sqs/facade.ts'
import type { SnsDeps } from '../sns-deps.ts'
import type { Subscription } from '../subscriptions/subscription-catalog.ts'
import { actingFor, SNS } from './confirmation.ts'

/** Where the messages of a subscription go, or why they cannot. */
export type Target =
  | { readonly kind: 'queue'; readonly queue: OpenQueue }
  | { readonly kind: 'function'; readonly function: OpenFunction }
  | { readonly kind: 'refused'; readonly code: string; readonly reason: string }

/** What has been allowed within the last moments may be unknown to this worker still. */
const SETTLES = 250
const REMEMBERED = 5_000

/** Opens the queues and functions that subscriptions name, as SNS, for whose topic their policies decide. */
export class Targets {
  readonly #deps: Pick<SnsDeps, 'sqs' | 'lambda' | 'clock'>
  readonly #refused = new Map<string, number>()

  constructor(deps: Pick<SnsDeps, 'sqs' | 'lambda' | 'clock'>) {
    this.#deps = deps
  }

  async open(subscription: Subscription, signal: AbortSignal): Promise<Target> {
    const { clock } = this.#deps
    const first = await this.#ask(subscription)
    if (first.kind !== 'refused') return first
    const before = this.#refused.get(subscription.id)
    if (before !== undefined && Math.abs(clock.now() - before) < REMEMBERED) return first
    await wait(SETTLES, signal)
    const second = await this.#ask(subscription)
    if (second.kind === 'refused') {
      if (this.#refused.size > 10_000) this.#refused.clear()
      this.#refused.set(subscription.id, clock.now())
    }
    return second
  }

  async #ask({ protocol, endpoint, topicArn }: Subscription): Promise<Target> {
    const { sqs, lambda } = this.#deps
    try {
      return protocol === 'sqs'
        ? { kind: 'queue', queue: await sqs.openQueue(SNS, endpoint, actingFor(topicArn)) }
        : { kind: 'function', function: await lambda.openFunction(SNS, endpoint, actingFor(topicArn)) }
    } catch (error) {
      // What is wrong on this side is tried again by the work queue.
      if (!(error instanceof ServiceError) || error.status >= 500) throw error
      return { kind: 'refused', code: error.code, reason: error.message }
    }
  }
}
