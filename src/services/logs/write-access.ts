import type { Principal } from '../../access/principal.ts'
import { formatArn } from '../../shared/arn.ts'
import type { Logger } from '../../telemetry/log.ts'
import { ServiceError } from '../../wire/service-error.ts'
import type { Authorizer } from '../authorizer.ts'
import type { LogTarget } from './facade.ts'

/** What a writer wants to do: the group and the stream come into being only when they are absent. */
export type WriteAction = 'CreateLogGroup' | 'CreateLogStream' | 'PutLogEvents'

/** Whether principals may write. The server's log tells once of each group that one may not write to. */
export interface WriteAccess {
  allows(principal: Principal, target: LogTarget, action: WriteAction): Promise<boolean>
  /** Something has been stored: should the principal lose its right, that is told of anew. */
  stored(principal: Principal, target: LogTarget): void
}

/** Groups that are known to be closed. Beyond so many the oldest is told of anew. */
const REMEMBERED = 1_000

/**
 * Asks for every batch anew, which costs no look at the database, and records only the first refusal: a role that may
 * not write would otherwise fill the record with each of its lines.
 */
export function createWriteAccess(authorizer: Authorizer, log: Logger): WriteAccess {
  const told = new Set<string>()
  const allows: WriteAccess['allows'] = async (principal, target, action) => {
    const question = { principal, action: `logs:${action}`, resource: resourceOf(target, action) }
    const decision = await authorizer.decide(question)
    if (decision.allowed) return true
    const key = keyOf(principal, target)
    if (told.has(key)) return false
    if (told.size >= REMEMBERED) for (const oldest of told) if (told.delete(oldest)) break
    told.add(key)
    try {
      await authorizer.require(question)
      return true
    } catch (error) {
      if (!(error instanceof ServiceError) || error.status >= 500) throw error
      log.warn(
        { group: target.group, account: target.account, role: writerOf(principal), reason: error.message },
        `what is printed cannot be stored: let the role do logs:CreateLogGroup, logs:CreateLogStream and logs:PutLogEvents on ${groupArn(target)}:*`,
      )
      return false
    }
  }
  return { allows, stored: (principal, target) => void told.delete(keyOf(principal, target)) }
}

const writerOf = ({ roleArn, arn }: Principal): string => roleArn ?? arn

const keyOf = (principal: Principal, target: LogTarget): string => `${writerOf(principal)} ${groupArn(target)}`

const groupArn = ({ account, region, group }: LogTarget): string =>
  formatArn({ service: 'logs', region, account, resource: `log-group:${group}` })

const resourceOf = (target: LogTarget, action: WriteAction): string =>
  action === 'PutLogEvents' ? `${groupArn(target)}:log-stream:${target.stream}` : `${groupArn(target)}:*`
