import { checkPolicy } from '../../../access/policy/check-policy.ts'
import { isTooLarge } from '../../../access/policy/policy-kind.ts'
import { notImplemented } from '../../../wire/service-error.ts'
import { invalidAttribute, unknownAttribute } from '../errors.ts'
import { queueOfArn } from '../queue-name.ts'

/** What has been set of a queue, as text. */
export type QueueAttributes = Readonly<Record<string, string>>

interface Range {
  readonly least: number
  readonly most: number
  readonly fallback: number
}

/** Source: SetQueueAttributes (Amazon SQS API Reference). Times in seconds, the size in bytes. */
const NUMBERS: Readonly<Record<string, Range>> = {
  DelaySeconds: { least: 0, most: 900, fallback: 0 },
  MaximumMessageSize: { least: 1_024, most: 1_048_576, fallback: 1_048_576 },
  MessageRetentionPeriod: { least: 60, most: 1_209_600, fallback: 345_600 },
  ReceiveMessageWaitTimeSeconds: { least: 0, most: 20, fallback: 0 },
  VisibilityTimeout: { least: 0, most: 43_200, fallback: 30 },
}
const FIFO = ['FifoQueue', 'ContentBasedDeduplication', 'DeduplicationScope', 'FifoThroughputLimit']
const KMS = ['KmsMasterKeyId', 'KmsDataKeyReusePeriodSeconds']
/** Emptying one of these takes it away. */
const REMOVABLE = ['Policy', 'RedrivePolicy', 'RedriveAllowPolicy', ...KMS]

export interface RedrivePolicy {
  readonly deadLetterTargetArn: string
  readonly maxReceiveCount: number
}

export interface RedriveAllowPolicy {
  readonly redrivePermission: 'allowAll' | 'denyAll' | 'byQueue'
  readonly sourceQueueArns?: readonly string[]
}

/** The value of an attribute that is a number, in its own unit. */
export const numberOf = (attributes: QueueAttributes, name: string): number =>
  attributes[name] === undefined ? (NUMBERS[name] as Range).fallback : Number(attributes[name])

export const isEncrypted = (attributes: QueueAttributes): boolean => attributes.SqsManagedSseEnabled !== 'false'

export const redriveOf = (attributes: QueueAttributes): RedrivePolicy | undefined =>
  attributes.RedrivePolicy === undefined ? undefined : (JSON.parse(attributes.RedrivePolicy) as RedrivePolicy)

/** The attributes with others set. Values are checked and stored in one spelling, so that equal ones are equal. */
export function withAttributes(before: QueueAttributes, changes: QueueAttributes): QueueAttributes {
  const after = new Map(Object.entries(before))
  for (const [name, value] of Object.entries(changes)) {
    if (value === '' && REMOVABLE.includes(name)) after.delete(name)
    else after.set(name, accepted(name, value))
  }
  return Object.fromEntries(after)
}

function accepted(name: string, value: string): string {
  if (Object.hasOwn(NUMBERS, name)) {
    const { least, most } = NUMBERS[name] as Range
    const number = /^\d{1,10}$/.test(value) ? Number(value) : -1
    if (number < least || number > most) throw invalidAttribute(name)
    return String(number)
  }
  if (name === 'FifoQueue' && value === 'false') throw unknownAttribute(name)
  if (FIFO.includes(name)) throw notImplemented('The FIFO kind of queues')
  if (KMS.includes(name)) throw notImplemented(`${name} of queues`)
  switch (name) {
    case 'SqsManagedSseEnabled':
      if (value !== 'true' && value !== 'false') throw invalidAttribute(name)
      return value
    case 'Policy':
      if (isTooLarge('queue', value) || checkPolicy(value, 'queue') !== undefined) throw invalidAttribute(name)
      return value
    case 'RedrivePolicy':
      return JSON.stringify(acceptedRedrive(value))
    case 'RedriveAllowPolicy':
      return JSON.stringify(acceptedAllowance(value))
    default:
      throw unknownAttribute(name)
  }
}

function acceptedRedrive(text: string): RedrivePolicy {
  const { deadLetterTargetArn, maxReceiveCount, ...others } = parsed('RedrivePolicy', text)
  const count = typeof maxReceiveCount === 'string' ? Number(maxReceiveCount) : maxReceiveCount
  if (typeof deadLetterTargetArn !== 'string' || queueOfArn(deadLetterTargetArn) === undefined)
    throw invalidAttribute('RedrivePolicy', 'Invalid value for deadLetterTargetArn.')
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 1 || count > 1_000)
    throw invalidAttribute(
      'RedrivePolicy',
      'Invalid value for maxReceiveCount: must be between 1 and 1000 both inclusive.',
    )
  if (Object.keys(others).length > 0) throw invalidAttribute('RedrivePolicy', 'It has members that are not known.')
  return { deadLetterTargetArn, maxReceiveCount: count }
}

function acceptedAllowance(text: string): RedriveAllowPolicy {
  const { redrivePermission, sourceQueueArns } = parsed('RedriveAllowPolicy', text)
  const arns = sourceQueueArns as readonly string[] | undefined
  const wrong = (): Error => invalidAttribute('RedriveAllowPolicy')
  if (redrivePermission === 'byQueue') {
    if (!Array.isArray(arns) || arns.length === 0 || arns.length > 10) throw wrong()
    if (arns.some((arn) => typeof arn !== 'string' || queueOfArn(arn) === undefined)) throw wrong()
    return { redrivePermission, sourceQueueArns: arns }
  }
  if ((redrivePermission !== 'allowAll' && redrivePermission !== 'denyAll') || arns !== undefined) throw wrong()
  return { redrivePermission }
}

function parsed(name: string, text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // Told below.
  }
  throw invalidAttribute(name, 'It is not a valid JSON map.')
}
