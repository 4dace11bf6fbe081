import { get } from 'node:http'
import { isOnOwnNetwork } from '../../../shared/own-networks.ts'
import { wait } from '../../../shared/wait.ts'

/** A container has this long to answer one ping. Source: "Custom Inference Code with Hosting Services" (developer guide). */
const ATTEMPT_MILLISECONDS = 2_000

/** What was wrong with a ping. */
export interface PingProblem {
  /** In words, to go before a full stop. */
  readonly text: string
  /** The container took the connection or the request, and said nothing: it may only be busy. */
  readonly slow: boolean
}

/** What one ping found: undefined for 200. */
export function ping(address: string, signal: AbortSignal): Promise<PingProblem | undefined> {
  if (!isOnOwnNetwork(new URL(`http://${address}`).hostname.replace(/^\[|\]$/g, '')))
    return Promise.resolve({ text: "/ping could not be reached (the container's network is gone)", slow: false })
  return new Promise((resolve) => {
    const request = get(`http://${address}/ping`, {
      agent: false,
      signal: AbortSignal.any([signal, AbortSignal.timeout(ATTEMPT_MILLISECONDS)]),
    })
    request.on('response', (response) => {
      response.on('error', () => {}).resume()
      resolve(response.statusCode === 200 ? undefined : { text: `/ping answered ${response.statusCode}`, slow: false })
    })
    request.on('error', (error: NodeJS.ErrnoException) => {
      const slow = error.name === 'AbortError' || error.name === 'TimeoutError'
      resolve({
        text: slow
          ? `/ping did not answer within ${ATTEMPT_MILLISECONDS / 1000} s`
          : `/ping could not be reached (${error.code ?? error.message})`,
        slow,
      })
    })
  })
}

/**
 * Pings until the container answers 200; the pauses grow from 20 ms to a second, so that a quick container is in service
 * at once. Resolves to undefined then, or to what the last ping found once `deadline` (performance.now) has passed or
 * `alive` says that the container has ended.
 */
export async function pingUntilHealthy(
  address: string,
  deadline: number,
  alive: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<PingProblem | undefined> {
  for (let pause = 20; ; pause = Math.min(1_000, pause * 1.5)) {
    const problem = await ping(address, signal)
    if (problem === undefined) return undefined
    signal.throwIfAborted()
    if (performance.now() > deadline || !(await alive())) return problem
    await wait(pause, signal)
  }
}

/** An instance may fail a ping or two under load. One that is only slow may be computing, and gets half a minute. */
const MOST_FAILED = 3
const MOST_SLOW = 10

/** Whether an instance that has failed these pings, one after another, is to be given up. */
export function givesUp(problems: readonly PingProblem[]): boolean {
  return problems.filter(({ slow }) => !slow).length >= MOST_FAILED || problems.length >= MOST_SLOW
}
