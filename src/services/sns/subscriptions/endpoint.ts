import { parseArn } from '../../../shared/arn.ts'
import { notImplemented } from '../../../wire/service-error.ts'
import { invalidParameter } from '../errors.ts'

const PROTOCOLS = ['http', 'https', 'sqs', 'lambda'] as const
export type SubscriptionProtocol = (typeof PROTOCOLS)[number]

/** Known to AWS, and not here. */
const OTHERS = ['email', 'email-json', 'sms', 'application', 'firehose']
const FUNCTION =
  /^arn:aws[a-zA-Z-]*:lambda:[a-z]{2}(?:-[a-z]+)+-\d:\d{12}:function:[a-zA-Z0-9-_]+(?::(?:\$LATEST|[a-zA-Z0-9-_]+))?$/

/** The account of a queue's ARN; undefined for what is none. */
export function accountOfQueue(arn: string): string | undefined {
  const parsed = parseArn(arn)
  const isQueue = parsed?.service === 'sqs' && parsed.region !== '' && /^[A-Za-z0-9_-]{1,80}$/.test(parsed.resource)
  return isQueue && /^\d{12}$/.test(parsed.account) ? parsed.account : undefined
}

/** An endpoint as answers and logs show it: a password in a URL is nobody's to read again. */
export const maskedEndpoint = (endpoint: string): string =>
  endpoint.replace(/^(https?:\/\/[^/?#@:]*):[^/?#@]*@/, '$1:****@')

/** @throws InvalidParameter; NotImplemented */
export function requireProtocol(protocol: string): SubscriptionProtocol {
  if (OTHERS.includes(protocol)) throw notImplemented(`The protocol ${protocol} of subscriptions`)
  const known = PROTOCOLS.find((one) => one === protocol)
  if (known === undefined)
    throw invalidParameter(`Amazon SNS does not support this protocol string: ${protocol.slice(0, 64)}`)
  return known
}

/** What the endpoint of a protocol must be. @throws InvalidParameter */
export function requireEndpoint(protocol: SubscriptionProtocol, endpoint: string | undefined): string {
  if (endpoint === undefined || endpoint === '') throw invalidParameter('Endpoint')
  if (protocol === 'sqs') {
    if (endpoint.endsWith('.fifo')) throw notImplemented('The FIFO kind of queues')
    if (accountOfQueue(endpoint) === undefined) throw invalidParameter('SQS endpoint ARN')
  } else if (protocol === 'lambda') {
    if (!FUNCTION.test(endpoint)) throw invalidParameter('Lambda endpoint ARN')
  } else requireUrl(protocol, endpoint)
  return endpoint
}

function requireUrl(protocol: string, endpoint: string): void {
  if (!endpoint.startsWith(`${protocol}://`)) throw invalidParameter('Endpoint must match the specified protocol')
  if (endpoint.length > 2_048 || !/^[\x21-\x7e]+$/.test(endpoint) || !URL.canParse(endpoint))
    throw invalidParameter('Endpoint')
  if (new URL(endpoint).hash !== '') throw invalidParameter('Endpoint')
}
