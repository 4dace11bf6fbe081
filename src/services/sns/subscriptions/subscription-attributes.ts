import { notImplemented } from '../../../wire/service-error.ts'
import { invalidParameter } from '../errors.ts'
import { FilterFault } from '../filter-policy/filter-fault.ts'
import { compileFilter } from '../filter-policy/filter-policy.ts'
import { acceptDeliveryPolicy } from '../http/delivery-policy.ts'
import { accountOfQueue } from './endpoint.ts'

/** What has been set of a subscription, as text. */
export type SubscriptionAttributes = Readonly<Record<string, string>>

/** Emptying one of these takes it away. */
const REMOVABLE = ['FilterPolicy', 'DeliveryPolicy', 'RedrivePolicy']
const KNOWN = [...REMOVABLE, 'FilterPolicyScope', 'RawMessageDelivery']

/** The attributes with others set, checked together. @throws InvalidParameter; NotImplemented */
export function withAttributes(
  before: SubscriptionAttributes,
  changes: SubscriptionAttributes,
  protocol: string,
): SubscriptionAttributes {
  const after = new Map(Object.entries(before))
  for (const [name, value] of Object.entries(changes)) {
    if (name === 'SubscriptionRoleArn' || name === 'ReplayPolicy') throw notImplemented(`${name} of subscriptions`)
    if (!KNOWN.includes(name)) throw invalidParameter('AttributeName')
    if (REMOVABLE.includes(name) && (value === '' || value === '{}')) after.delete(name)
    else after.set(name, accepted(name, value, protocol))
  }
  const filter = after.get('FilterPolicy')
  if (filter !== undefined) requireFilter(filter, after.get('FilterPolicyScope') ?? 'MessageAttributes')
  return Object.fromEntries(after)
}

/** What an attribute is that nobody has set. */
const DEFAULTS: SubscriptionAttributes = { RawMessageDelivery: 'false', FilterPolicyScope: 'MessageAttributes' }

/** Whether one of the attributes that are given is another than that of a subscription. */
export const differ = (given: SubscriptionAttributes, existing: SubscriptionAttributes): boolean =>
  Object.entries(given).some(([name, value]) => (existing[name] ?? DEFAULTS[name]) !== value)

function accepted(name: string, value: string, protocol: string): string {
  switch (name) {
    case 'RawMessageDelivery':
      if (value !== 'true' && value !== 'false')
        throw invalidParameter(
          `Attributes Reason: RawMessageDelivery: Invalid value [${value.slice(0, 64)}]. Must be true or false.`,
        )
      if (value === 'true' && protocol === 'lambda')
        throw invalidParameter(
          'Attributes Reason: RawMessageDelivery: Delivery protocol [lambda] does not support raw message delivery.',
        )
      return value
    case 'FilterPolicyScope':
      if (value !== 'MessageAttributes' && value !== 'MessageBody')
        throw invalidParameter(
          `Attributes Reason: FilterPolicyScope: Invalid value [${value.slice(0, 64)}]. Please use either MessageBody or MessageAttributes`,
        )
      return value
    case 'DeliveryPolicy':
      if (protocol !== 'http' && protocol !== 'https')
        throw invalidParameter(`Attributes Reason: Delivery protocol [${protocol}] does not support delivery policy.`)
      return acceptDeliveryPolicy(value, 'subscription')
    case 'RedrivePolicy':
      return acceptedRedrive(value)
    default:
      return value
  }
}

/** @throws InvalidParameter in the words of the filter's fault */
function requireFilter(text: string, scope: string): void {
  try {
    compileFilter(text, scope as 'MessageAttributes' | 'MessageBody')
  } catch (error) {
    if (!(error instanceof FilterFault)) throw error
    throw invalidParameter(`FilterPolicy: ${error.message}`)
  }
}

function acceptedRedrive(text: string): string {
  let arn: unknown
  try {
    arn = (JSON.parse(text) as { readonly deadLetterTargetArn?: unknown }).deadLetterTargetArn
  } catch {
    throw invalidParameter('RedrivePolicy: failed to parse JSON')
  }
  if (typeof arn !== 'string' || accountOfQueue(arn) === undefined)
    throw invalidParameter('RedrivePolicy: deadLetterTargetArn is an invalid arn')
  return text
}

/** The dead-letter queue of a subscription; undefined for none. */
export const deadLetterQueue = ({ RedrivePolicy }: SubscriptionAttributes): string | undefined =>
  RedrivePolicy === undefined
    ? undefined
    : (JSON.parse(RedrivePolicy) as { readonly deadLetterTargetArn: string }).deadLetterTargetArn
