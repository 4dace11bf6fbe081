import { formatArn, parseArn } from '../../../shared/arn.ts'
import type { RequestContext } from '../../operation.ts'
import { invalidParameter, logGroupMissing } from '../errors.ts'

/** The ARN of a group without the `:*` that stands for its streams. */
export const logGroupArn = (account: string, region: string, name: string): string =>
  formatArn({ service: 'logs', region, account, resource: `log-group:${name}` })

/**
 * The name of the group that a request means by `logGroupName` or `logGroupIdentifier` (a name, or an ARN with or without
 * `:*`). Exactly one of the two must be given. Another account's or region's group is as good as missing.
 */
export function requestedLogGroup(
  input: { readonly logGroupName?: string; readonly logGroupIdentifier?: string },
  context: Pick<RequestContext, 'account' | 'region'>,
): string {
  const { logGroupName, logGroupIdentifier } = input
  if (logGroupName !== undefined && logGroupIdentifier !== undefined) {
    throw invalidParameter('LogGroup name and LogGroup ARN are mutually exclusive parameters.')
  }
  if (logGroupName !== undefined) return logGroupName
  if (logGroupIdentifier === undefined) throw invalidParameter('Either LogGroup name or LogGroup ARN is required.')
  return logGroupOfIdentifier(logGroupIdentifier, context)
}

/** The group's name that an identifier stands for: itself, or the one in an ARN of the caller's account and region. */
export function logGroupOfIdentifier(identifier: string, context: Pick<RequestContext, 'account' | 'region'>): string {
  if (!identifier.startsWith('arn:')) return identifier
  const arn = parseArn(identifier)
  const resource = /^log-group:([^:]+)(?::\*)?$/.exec(arn?.resource ?? '')
  if (arn === undefined || arn.service !== 'logs' || resource === null) {
    throw invalidParameter(`Invalid ARN: ${identifier}`)
  }
  if (arn.account !== context.account || arn.region !== context.region) throw logGroupMissing()
  return resource[1]!
}
