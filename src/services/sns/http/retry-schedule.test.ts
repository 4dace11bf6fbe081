import { describe, expect, it } from 'vitest'
import { acceptDeliveryPolicy, type BackoffFunction, effectivePolicy, type RetryPolicy } from './delivery-policy.ts'
import { retryDelay } from './retry-schedule.ts'

const delays = (policy: RetryPolicy): (number | undefined)[] =>
  Array.from({ length: policy.numRetries + 1 }, (_, at) => retryDelay(policy, at + 1)).map((delay) =>
    delay === undefined ? undefined : Math.round(delay * 10) / 10,
  )
const plain = effectivePolicy(undefined, undefined).healthyRetryPolicy

describe('retries', () => {
  it('are three, twenty seconds apart, unless somebody says otherwise', () => {
    expect(delays(plain)).toEqual([20, 20, 20, undefined])
  })

  it('go through the phases', () => {
    const policy = {
      ...plain,
      minDelayTarget: 1,
      maxDelayTarget: 9,
      numRetries: 10,
      numNoDelayRetries: 2,
      numMinDelayRetries: 1,
      numMaxDelayRetries: 2,
    }
    expect(delays(policy)).toEqual([0, 0, 1, 1, 3, 5, 7, 9, 9, 9, undefined])
  })

  it.each<[BackoffFunction, number[]]>([
    ['linear', [1, 4.8, 8.5, 12.3, 16]],
    ['arithmetic', [1, 1.9, 4.8, 9.4, 16]],
    ['geometric', [1, 2, 4, 8, 16]],
    ['exponential', [1, 1.1, 1.5, 3.6, 16]],
  ])('grow %s', (backoffFunction, expected) => {
    const policy = { ...plain, minDelayTarget: 1, maxDelayTarget: 16, numRetries: 5, backoffFunction }
    expect(delays(policy)).toEqual([...expected, undefined])
  })

  it('may be none', () => {
    expect(delays({ ...plain, numRetries: 0 })).toEqual([undefined])
  })
})

describe('a delivery policy', () => {
  const topic = (http: object) => JSON.stringify({ http })

  it("is the subscription's over the topic's, unless the topic forbids it", () => {
    const of = topic({
      defaultHealthyRetryPolicy: { numRetries: 7 },
      defaultThrottlePolicy: { maxReceivesPerSecond: 5 },
      defaultRequestPolicy: { headerContentType: 'application/json' },
    })
    const own = JSON.stringify({ healthyRetryPolicy: { numRetries: 1 } })
    expect(effectivePolicy(of, own)).toMatchObject({
      healthyRetryPolicy: { numRetries: 1, minDelayTarget: 20 },
      throttlePolicy: { maxReceivesPerSecond: 5 },
      requestPolicy: { headerContentType: 'application/json' },
    })
    const only = topic({ defaultHealthyRetryPolicy: { numRetries: 7 }, disableSubscriptionOverrides: true })
    expect(effectivePolicy(only, own).healthyRetryPolicy.numRetries).toBe(7)
  })

  it.each([
    ['{', 'failed to parse'],
    ['[]', 'must be a JSON object'],
    ['{"retries":{}}', 'retries is not known'],
    ['{"healthyRetryPolicy":[]}', 'must be an object'],
    ['{"healthyRetryPolicy":{"numRetries":101}}', 'numRetries'],
    ['{"healthyRetryPolicy":{"numRetries":1.5}}', 'numRetries'],
    ['{"healthyRetryPolicy":{"minDelayTarget":0}}', 'minDelayTarget'],
    ['{"healthyRetryPolicy":{"minDelayTarget":30}}', 'maxDelayTarget'],
    ['{"healthyRetryPolicy":{"maxDelayTarget":3601}}', 'maxDelayTarget'],
    ['{"healthyRetryPolicy":{"numNoDelayRetries":4}}', 'numRetries must be greater'],
    ['{"healthyRetryPolicy":{"backoffFunction":"random"}}', 'backoffFunction'],
    ['{"throttlePolicy":{"maxReceivesPerSecond":0}}', 'maxReceivesPerSecond'],
    ['{"requestPolicy":{"headerContentType":"text/x-evil\\r\\nX: y"}}', 'headerContentType'],
  ])('%s is refused', (text, reason) => {
    expect(() => acceptDeliveryPolicy(text, 'subscription')).toThrow(reason)
  })
})
