/** The parts of an Amazon Resource Name. `resource` is everything behind the fifth colon. */
export interface Arn {
  readonly partition: string
  readonly service: string
  readonly region: string
  readonly account: string
  readonly resource: string
}

/** Splits an ARN; undefined when the text is none. Every request is asked about by ARN, so it is done without patterns. */
export function parseArn(text: string): Arn | undefined {
  if (!text.startsWith('arn:')) return undefined
  const partition = text.indexOf(':', 4)
  const service = partition < 0 ? -1 : text.indexOf(':', partition + 1)
  const region = service < 0 ? -1 : text.indexOf(':', service + 1)
  const account = region < 0 ? -1 : text.indexOf(':', region + 1)
  if (account < 0 || account + 1 === text.length) return undefined
  return {
    partition: text.slice(4, partition),
    service: text.slice(partition + 1, service),
    region: text.slice(service + 1, region),
    account: text.slice(region + 1, account),
    resource: text.slice(account + 1),
  }
}

export const formatArn = (arn: Omit<Arn, 'partition'> & { partition?: string }): string =>
  `arn:${arn.partition ?? 'aws'}:${arn.service}:${arn.region}:${arn.account}:${arn.resource}`
