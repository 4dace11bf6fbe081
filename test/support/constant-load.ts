import type { Api, Invoked } from './api.ts'
import { eventually } from './eventually.ts'

export interface FailedRequest {
  /** `performance.now()` */
  readonly at: number
  /** Status and body of the answer, or what broke. */
  readonly reason: string
}

/** What came of the requests of a load. */
export interface LoadResult {
  /** Every request that was not answered with 200. */
  readonly failed: readonly FailedRequest[]
  /** How many were answered by a container whose environment says WHO it is. */
  readonly by: Readonly<Record<string, number>>
}

export interface ConstantLoad {
  /** Waits until so many more have been answered; all of them by containers that are called `who`, if that is given. */
  answered(count: number, who?: string): Promise<void>
  stop(): Promise<LoadResult>
}

/**
 * Invokes an endpoint without a pause from several connections, and counts. Every sixth request takes a while, so that
 * there are always some on their way to what is about to end.
 */
export function constantLoad(api: Api, endpoint: string, connections = 6): ConstantLoad {
  const failed: FailedRequest[] = []
  const fail = (reason: string) => failed.push({ at: performance.now(), reason })
  const by: Record<string, number> = {}
  let going = true
  const note = (answer: Invoked) => {
    if (answer.status !== 200) return fail(`${answer.status} ${answer.body}`)
    const name = /"WHO=(\w+)"/.exec(answer.body)?.[1] ?? 'nobody'
    by[name] = (by[name] ?? 0) + 1
  }
  const senders = Array.from({ length: connections }, async (_, connection) => {
    while (going) {
      const commands = connection === 0 ? 'sleep=400;env' : 'sleep=10;env'
      try {
        note(await api.invoke(endpoint, { commands }))
      } catch (error) {
        fail(String(error))
      }
    }
  })
  const count = (who?: string) =>
    who === undefined ? Object.values(by).reduce((total, number) => total + number, 0) : (by[who] ?? 0)
  return {
    answered: async (more, who) => {
      const before = count(who)
      await eventually(() => {
        if (count(who) < before + more) throw new Error(`${count(who) - before} of ${more} requests were answered`)
      }, 30_000)
    },
    stop: async () => {
      going = false
      await Promise.all(senders)
      return { failed, by }
    },
  }
}
