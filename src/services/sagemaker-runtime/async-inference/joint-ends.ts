import type { Database, Statement } from '../../../storage/database.ts'
import type { PreparedObject, S3Facade } from '../../s3/facade.ts'
import type { AcceptedNotification, OpenTopic } from '../../sns/facade.ts'
import type { ClaimedRequest } from './async-request.ts'
import type { RequestQueue } from './request-queue.ts'
import { isPassing } from './trouble.ts'

/** The topic was deleted between the look for it and the commit. */
export class TopicGone extends Error {
  override readonly name = 'TopicGone'
}

/** Somebody has subscribed to the topic, or has left it, between the look and the commit. */
class SubscriptionsChanged extends Error {
  override readonly name = 'SubscriptionsChanged'
}

/** What is to be published, and where the principal may publish it. */
export interface EndPublication {
  readonly topicArn: string
  readonly topic: OpenTopic
  readonly notification: AcceptedNotification
}

/** All that the end of a request consists of: it is written together or not at all. */
export interface RequestEnd {
  readonly request: ClaimedRequest
  readonly object: PreparedObject | undefined
  readonly publication: EndPublication | undefined
  readonly further: readonly Statement[]
}

interface JointEndsDeps {
  readonly database: Database
  readonly queue: RequestQueue
  readonly s3: Pick<S3Facade, 'unitOf'>
}

interface Waiting {
  readonly end: RequestEnd
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** The most ends of one unit of work. */
const MOST_AT_ONCE = 64
/** For how long the next unit gathers ends, in milliseconds, while there is much to do. */
const GATHER_MILLISECONDS = 25
/** A unit of so many ends shows that there is. */
const MUCH = 4

/**
 * Commits the ends of requests. Those that come while earlier ones are being committed go together into one unit of work, whose statements are
 * about all of them. While there is much to do a unit waits a little for the requests that are under way: one of many ends costs little more
 * than one of few. When a unit fails because of one of them, each is committed by itself.
 */
export class JointEnds {
  readonly #database: Database
  readonly #queue: RequestQueue
  readonly #s3: JointEndsDeps['s3']
  readonly #waiting: Waiting[] = []
  #flushing = false
  #underWay = 0
  /** Ends of the last unit. */
  #last = 0
  #enough: (() => void) | undefined

  constructor({ database, queue, s3 }: JointEndsDeps) {
    this.#database = database
    this.#queue = queue
    this.#s3 = s3
  }

  /** @throws ClaimLost, TopicGone, NoSuchBucket, or the errors of storage: then nothing of it has been written, as far as storage can tell */
  commit(end: RequestEnd): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ end, resolve, reject })
      if (this.#flushing) return this.#look()
      this.#flushing = true
      // After what else came in with this turn of the event loop.
      setImmediate(() => void this.#flush())
    })
  }

  /** Tells of a request whose end will come. Returns what tells that it has, or will not. */
  expect(): () => void {
    this.#underWay++
    return () => {
      this.#underWay--
      this.#look()
    }
  }

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      if (this.#last >= MUCH && !this.#hasEnough) await this.#gather()
      const some = this.#waiting.splice(0, MOST_AT_ONCE)
      this.#last = some.length
      await this.#commit(some)
    }
    this.#flushing = false
  }

  /** There is room for no more, or nobody else is under way. */
  get #hasEnough(): boolean {
    return this.#waiting.length >= Math.min(MOST_AT_ONCE, this.#underWay)
  }

  #look(): void {
    if (this.#enough !== undefined && this.#hasEnough) this.#enough()
  }

  #gather(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.#enough = undefined
        resolve()
      }
      const timer = setTimeout(done, GATHER_MILLISECONDS)
      this.#enough = done
    })
  }

  /** What is tried again goes the way on which nothing can come between. */
  async #commit(waiting: readonly Waiting[], publish = deliver): Promise<void> {
    try {
      const ends = waiting.map(({ end }) => end)
      await this.#database.commit(await this.#unit(ends, publish))
      for (const { resolve } of waiting) resolve()
    } catch (error) {
      // Storage that is full or away is so for each of them.
      const final = isPassing(error) || (waiting.length === 1 && !(error instanceof SubscriptionsChanged))
      if (final) for (const { reject } of waiting) reject(error)
      else await Promise.all(waiting.map((one) => this.#commit([one], store)))
    }
  }

  async #unit(ends: readonly RequestEnd[], publish: Publish): Promise<readonly Statement[]> {
    const objects = ends.flatMap(({ object }) => object ?? [])
    const topics = Map.groupBy(
      ends.flatMap(({ publication }) => publication ?? []),
      ({ topicArn }) => topicArn,
    )
    const published = await Promise.all([...topics.values()].map((publications) => publish(publications)))
    return [
      ...(objects.length === 0 ? [] : this.#s3.unitOf(objects)),
      ...this.#queue.finish(...ends.map(({ request }) => request)),
      ...ends.flatMap(({ further }) => further),
      ...published.flat(),
    ]
  }
}

/** The statements that publish what is for one topic. */
type Publish = (publications: readonly EndPublication[]) => Promise<readonly Statement[]>

const gone = () => new TopicGone('Topic does not exist')

/** For the fan-out of SNS to find. */
const store: Publish = async (publications) =>
  topicOf(publications).publications(
    publications.map(({ notification }) => notification),
    gone,
  )

/** Straight into the queues of the subscribers where that can be, which saves the rows and the units of a fan-out. */
const deliver: Publish = async (publications) => {
  const accepted = publications.map(({ notification }) => notification)
  const changed = () => new SubscriptionsChanged('the subscriptions of the topic have changed')
  return (await topicOf(publications).directDelivery(accepted, gone, changed)) ?? store(publications)
}

const topicOf = (publications: readonly EndPublication[]): OpenTopic => (publications[0] as EndPublication).topic
