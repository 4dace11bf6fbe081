import { checkPolicy } from '../../../access/policy/check-policy.ts'
import { isTooLarge } from '../../../access/policy/policy-kind.ts'
import { notImplemented, ServiceError } from '../../../wire/service-error.ts'
import { invalidParameter } from '../errors.ts'
import { acceptDeliveryPolicy } from '../http/delivery-policy.ts'

/** What has been set of a topic, as text. */
export type TopicAttributes = Readonly<Record<string, string>>

const KMS = ['KmsMasterKeyId']
const FIFO = ['FifoTopic', 'ContentBasedDeduplication', 'FifoThroughputScope', 'ArchivePolicy']
/** The log of deliveries. */
const FEEDBACK =
  /^(?:HTTP|SQS|Lambda|Application|Firehose)(?:SuccessFeedbackRoleArn|SuccessFeedbackSampleRate|FailureFeedbackRoleArn)$/
/** Emptying one of these takes it away. */
const REMOVABLE = ['Policy', 'DeliveryPolicy', 'DisplayName', ...KMS]

/** The attributes with others set, checked. @throws InvalidParameter; NotImplemented */
export function withAttributes(before: TopicAttributes, changes: TopicAttributes): TopicAttributes {
  const after = new Map(Object.entries(before))
  for (const [name, value] of Object.entries(changes)) {
    if (value === '' && REMOVABLE.includes(name)) after.delete(name)
    else if (!(name === 'FifoTopic' && value === 'false')) after.set(name, accepted(name, value))
  }
  return Object.fromEntries(after)
}

function accepted(name: string, value: string): string {
  if (FIFO.includes(name)) throw notImplemented(`The FIFO kind of topics (${name})`)
  if (KMS.includes(name) || FEEDBACK.test(name)) throw notImplemented(`${name} of topics`)
  switch (name) {
    case 'DisplayName':
      if (value.length > 100 || /[\r\n]/.test(value)) throw invalidParameter('DisplayName')
      return value
    case 'Policy':
      return acceptedPolicy(value)
    case 'DeliveryPolicy':
      return acceptDeliveryPolicy(value, 'topic')
    case 'SignatureVersion':
      if (value !== '1' && value !== '2') throw invalidParameter('SignatureVersion')
      return value
    case 'TracingConfig':
      if (value === 'Active') throw notImplemented('Active tracing of topics')
      if (value !== 'PassThrough') throw invalidParameter('TracingConfig')
      return value
    default:
      throw invalidParameter('AttributeName')
  }
}

function acceptedPolicy(text: string): string {
  if (isTooLarge('topic', text)) throw invalidParameter('Policy Reason: it is too long')
  const fault = checkPolicy(text, 'topic')
  if (fault !== undefined) throw new ServiceError('InvalidParameter', fault.message)
  return text
}
