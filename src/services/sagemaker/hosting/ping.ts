import { get } from 'node:http'
import { wait } from '../../../shared/wait.ts'

/** A container has this long to answer one ping. Source: hosting container contract. */
const ATTEMPT_MILLISECONDS = 2_000

/** What one ping found: undefined for 200, else what was wrong, in words. */
export function ping(address: string, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = get(`http://${address}/ping`, {
      agent: false,
      signal: AbortSignal.any([signal, AbortSignal.timeout(ATTEMPT_MILLISECONDS)]),
    })
    request.on('response', (response) => {
      response.resume()
      resolve(response.statusCode === 200 ? undefined : `/ping answered ${response.statusCode}`)
    })
    request.on('error', (error: NodeJS.ErrnoException) => {
      const slow = error.name === 'AbortError' || error.name === 'TimeoutError'
      resolve(
        slow
          ? `/ping did not answer within ${ATTEMPT_MILLISECONDS / 1000} s`
          : `/ping could not be reached (${error.code ?? error.message})`,
      )
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
): Promise<string | undefined> {
  for (let pause = 20; ; pause = Math.min(1_000, pause * 1.5)) {
    const problem = await ping(address, signal)
    if (problem === undefined) return undefined
    signal.throwIfAborted()
    if (performance.now() > deadline || !(await alive())) return problem
    await wait(pause, signal)
  }
}
