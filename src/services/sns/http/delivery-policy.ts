import { invalidParameter } from '../errors.ts'

export type BackoffFunction = 'linear' | 'arithmetic' | 'geometric' | 'exponential'

/** How often and when a failed delivery is tried again. Delays in seconds. */
export interface RetryPolicy {
  readonly minDelayTarget: number
  readonly maxDelayTarget: number
  /** Of all phases together. */
  readonly numRetries: number
  readonly numNoDelayRetries: number
  readonly numMinDelayRetries: number
  readonly numMaxDelayRetries: number
  readonly backoffFunction: BackoffFunction
}

/** What holds for a subscription. Source: "Creating an HTTP/S delivery policy" (Amazon SNS Developer Guide). */
export interface DeliveryPolicy {
  readonly healthyRetryPolicy: RetryPolicy
  readonly throttlePolicy?: { readonly maxReceivesPerSecond: number }
  readonly requestPolicy: { readonly headerContentType: string }
}

const DEFAULT_RETRIES: RetryPolicy = {
  minDelayTarget: 20,
  maxDelayTarget: 20,
  numRetries: 3,
  numMaxDelayRetries: 0,
  numNoDelayRetries: 0,
  numMinDelayRetries: 0,
  backoffFunction: 'linear',
}
const DEFAULT_CONTENT_TYPE = 'text/plain; charset=UTF-8'
const LONGEST = 3_600
const FUNCTIONS = ['linear', 'arithmetic', 'geometric', 'exponential']
/** Source: the same page. A parameter of the type is not looked at. */
const CONTENT_TYPES = [
  'application/json',
  'application/octet-stream',
  'application/soap+xml',
  'application/vnd.api+json',
  'application/x-www-form-urlencoded',
  'application/xhtml+xml',
  'application/xml',
  'text/css',
  'text/csv',
  'text/html',
  'text/plain',
  'text/xml',
]

interface TopicPolicy {
  readonly http?: {
    readonly defaultHealthyRetryPolicy?: Partial<RetryPolicy>
    readonly disableSubscriptionOverrides?: boolean
    readonly defaultThrottlePolicy?: { readonly maxReceivesPerSecond: number }
    readonly defaultRequestPolicy?: { readonly headerContentType?: string }
  }
}

interface SubscriptionPolicy {
  readonly healthyRetryPolicy?: Partial<RetryPolicy>
  readonly throttlePolicy?: { readonly maxReceivesPerSecond: number }
  readonly requestPolicy?: { readonly headerContentType?: string }
}

/** What a topic's policy comes to, as GetTopicAttributes shows it. */
export function effectiveTopicPolicy(topic: string | undefined) {
  const { http = {} } = topic === undefined ? {} : (JSON.parse(topic) as TopicPolicy)
  return {
    http: {
      defaultHealthyRetryPolicy: { ...DEFAULT_RETRIES, ...http.defaultHealthyRetryPolicy },
      disableSubscriptionOverrides: http.disableSubscriptionOverrides ?? false,
      ...(http.defaultThrottlePolicy !== undefined && { defaultThrottlePolicy: http.defaultThrottlePolicy }),
      defaultRequestPolicy: { headerContentType: http.defaultRequestPolicy?.headerContentType ?? DEFAULT_CONTENT_TYPE },
    },
  }
}

/** What holds for a subscription: its own policy over the topic's, unless the topic's lets none. */
export function effectivePolicy(topic: string | undefined, subscription: string | undefined): DeliveryPolicy {
  const { http } = effectiveTopicPolicy(topic)
  const own =
    subscription === undefined || http.disableSubscriptionOverrides
      ? {}
      : (JSON.parse(subscription) as SubscriptionPolicy)
  const throttlePolicy = own.throttlePolicy ?? http.defaultThrottlePolicy
  return {
    healthyRetryPolicy: { ...http.defaultHealthyRetryPolicy, ...own.healthyRetryPolicy },
    ...(throttlePolicy !== undefined && { throttlePolicy }),
    requestPolicy: { ...http.defaultRequestPolicy, ...own.requestPolicy },
  }
}

/** A policy as it is put on a topic or a subscription. @throws InvalidParameter */
export function acceptDeliveryPolicy(text: string, of: 'topic' | 'subscription'): string {
  const wrong = (reason: string) => invalidParameter(`DeliveryPolicy: ${reason}`)
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
  const section = (from: Record<string, unknown>, name: string): Record<string, unknown> | undefined => {
    const value = from[name]
    if (value === undefined || value === null) return undefined
    if (!isObject(value)) throw wrong(`${name} must be an object`)
    return value
  }
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    throw wrong('failed to parse JSON.')
  }
  if (!isObject(document)) throw wrong('must be a JSON object')
  const known =
    of === 'topic'
      ? ['defaultHealthyRetryPolicy', 'disableSubscriptionOverrides', 'defaultThrottlePolicy', 'defaultRequestPolicy']
      : ['healthyRetryPolicy', 'throttlePolicy', 'requestPolicy', 'guaranteed', 'sicklyRetryPolicy']
  const rules = of === 'topic' ? (section(document, 'http') ?? {}) : document
  const stray = Object.keys(rules).find((name) => !known.includes(name))
  if (stray !== undefined) throw wrong(`${stray.slice(0, 64)} is not known`)
  const retries = section(rules, of === 'topic' ? 'defaultHealthyRetryPolicy' : 'healthyRetryPolicy')
  if (retries !== undefined) requireRetries(retries, wrong)
  const throttle = section(rules, of === 'topic' ? 'defaultThrottlePolicy' : 'throttlePolicy')
  const rate = throttle?.maxReceivesPerSecond
  if (throttle !== undefined && !(typeof rate === 'number' && Number.isInteger(rate) && rate >= 1))
    throw wrong('maxReceivesPerSecond must be a whole number of 1 or more')
  const type = section(rules, of === 'topic' ? 'defaultRequestPolicy' : 'requestPolicy')?.headerContentType
  if (type !== undefined && !(typeof type === 'string' && isContentType(type)))
    throw wrong('headerContentType is not supported')
  return text
}

const isContentType = (text: string): boolean =>
  /^[\x20-\x7e]{1,128}$/.test(text) && CONTENT_TYPES.includes((text.split(';')[0] as string).trim().toLowerCase())

function requireRetries(given: Record<string, unknown>, wrong: (reason: string) => Error): void {
  const all = { ...DEFAULT_RETRIES, ...given } as Record<keyof RetryPolicy, unknown>
  const number = (name: keyof RetryPolicy, most: number): number => {
    const value = all[name]
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > most)
      throw wrong(`${name} must be a whole number from 0 to ${most}`)
    return value
  }
  const least = number('minDelayTarget', LONGEST)
  const most = number('maxDelayTarget', LONGEST)
  const retries = number('numRetries', 100)
  const phases =
    number('numNoDelayRetries', 100) + number('numMinDelayRetries', 100) + number('numMaxDelayRetries', 100)
  if (least < 1) throw wrong('minDelayTarget must be at least 1')
  if (most < least) throw wrong('maxDelayTarget must be greater than or equal to minDelayTarget')
  if (phases > retries) throw wrong('numRetries must be greater than or equal to the retries of the phases together')
  if (!FUNCTIONS.includes(all.backoffFunction as string)) throw wrong('backoffFunction is not known')
}
