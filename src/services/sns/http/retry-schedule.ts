import type { RetryPolicy } from './delivery-policy.ts'

/**
 * Seconds until the next try after so many failures (1 or more); undefined when it is given up. First come the tries
 * without a delay, then those with the shortest, then those between by the function, then those with the longest. Source:
 * "Amazon SNS message delivery retries" (Developer Guide), which shows the functions as curves: linear grows evenly,
 * arithmetic and geometric slower at first, exponential slowest at first.
 */
export function retryDelay(policy: RetryPolicy, failures: number): number | undefined {
  const { minDelayTarget: least, maxDelayTarget: most, numRetries } = policy
  const { numNoDelayRetries, numMinDelayRetries, numMaxDelayRetries } = policy
  if (failures > numRetries) return undefined
  if (failures <= numNoDelayRetries) return 0
  const between = numRetries - numNoDelayRetries - numMinDelayRetries - numMaxDelayRetries
  const step = failures - numNoDelayRetries - numMinDelayRetries
  if (step <= 0) return least
  if (step > between) return most
  if (between === 1) return least
  return least + (most - least) * curve(policy, (step - 1) / (between - 1))
}

/** How much of the way from the shortest to the longest delay has been gone when `part` (0 to 1) of the tries have. */
function curve({ backoffFunction, minDelayTarget: least, maxDelayTarget: most }: RetryPolicy, part: number): number {
  switch (backoffFunction) {
    case 'linear':
      return part
    case 'arithmetic':
      return part ** 2
    case 'geometric':
      // Each delay is the one before times the same.
      return most === least ? part : ((most / least) ** part - 1) / (most / least - 1)
    case 'exponential':
      return (2 ** (10 * part) - 1) / (2 ** 10 - 1)
  }
}
