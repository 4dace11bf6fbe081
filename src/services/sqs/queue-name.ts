import { formatArn, parseArn } from '../../shared/arn.ts'
import { notImplemented } from '../../wire/service-error.ts'
import { invalidAddress, invalidParameter } from './errors.ts'

export interface QueueName {
  readonly account: string
  readonly region: string
  readonly name: string
}

const NAME = /^[A-Za-z0-9_-]{1,80}$/
const ADDRESS = /^(?:https?:\/\/[^/?#]+)?\/(?:queue\/)?(\d{12})\/([^/?#]{1,128})\/?$/

export const queueArn = ({ account, region, name }: QueueName): string =>
  formatArn({ service: 'sqs', region, account, resource: name })

/** Undefined for what is no ARN of a queue. */
export function queueOfArn(text: string): QueueName | undefined {
  const arn = parseArn(text)
  if (arn?.service !== 'sqs' || !NAME.test(arn.resource)) return undefined
  return { account: arn.account, region: arn.region, name: arn.resource }
}

/** `baseUrl` as in the context of the request. */
export const queueUrl = (baseUrl: string, { account, name }: QueueName): string => `${baseUrl}/${account}/${name}`

/**
 * The queue that a URL means. Its host does not matter: clients may reach the server by other names than the one that it
 * answered with. The region is the signature's.
 * @throws InvalidAddress
 */
export function queueOfUrl(url: string, region: string): QueueName {
  const [, account, name] = ADDRESS.exec(url) ?? []
  if (account === undefined || name === undefined) throw invalidAddress(url)
  return { account, region, name }
}

/** @throws InvalidParameterValue; NotImplemented for FIFO queues */
export function requireQueueName(name: string): string {
  if (name.endsWith('.fifo')) throw notImplemented('The FIFO kind of queues')
  if (!NAME.test(name))
    throw invalidParameter('Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length')
  return name
}
