import type { PolicyType } from '../../access/evaluation/decision.ts'
import { deniedReason } from '../../access/evaluation/denied-message.ts'
import type { ConsideredGrant } from '../../access/evaluation/explain.ts'
import type { ContextValue } from '../../access/policy/context-values.ts'
import type { DenialDetails, DetailedPolicy, DetailedStatement } from '../../services/iam/denials/denial-details.ts'
import type { StoredDenial } from '../../services/iam/denials/denial-store.ts'
import { remedyPlace } from '../../services/iam/denials/remedy-place.ts'
import type { DenialRow } from '../../storage/schema/denials.ts'
import { style } from '../terminal.ts'

const KINDS: Readonly<Record<PolicyType, string>> = {
  identity: 'Identity-based policy',
  boundary: 'Permissions boundary',
  session: 'Session policy',
  resource: 'Resource-based policy',
  trust: 'Trust policy',
}

/** `because no identity-based policy allows the s3:GetObject action` */
export const reasonOf = (row: Pick<DenialRow, 'explicit' | 'policy_type' | 'action'>): string =>
  deniedReason(row.action, { explicit: row.explicit !== 0, policyType: row.policy_type as PolicyType })

/** One refusal for a person to read. */
export function showDenial({ row, details }: StoredDenial): string {
  const accountOf = (account: string) => (account === '' ? '' : `  (account ${account})`)
  const head = [
    style('bold', `${row.action} was refused ${reasonOf(row)}.`),
    '',
    `Request    ${row.request_id}, ${new Date(row.at).toISOString()}`,
    `Principal  ${row.principal}${accountOf(row.principal_account)}`,
    `Resource   ${row.resource}${accountOf(row.resource_account)}`,
    '',
  ]
  return `${[...head, ...explanation(row, details)].join('\n')}\n`
}

function explanation(row: DenialRow, details: DenialDetails | undefined): string[] {
  if (details === undefined) return ['The policies that were considered are no longer kept. Try again, and ask again.']
  return [
    ...(details.requestId === row.request_id ? [] : [borrowed(details), '']),
    ...(details.policies.length === 0 ? ['No policy was there to allow it.'] : details.policies.flatMap(showPolicy)),
    ...showGrants(details.grants),
    ...showRemedies(details),
  ]
}

/** In a flood of refusals not each is explained. */
const borrowed = ({ requestId, principal, resource }: DenialDetails): string =>
  style('yellow', `There were many alike: what follows is of ${requestId}, of ${principal.arn} on ${resource}.`)

function showPolicy(policy: DetailedPolicy): string[] {
  const { policyType, source, unreadable, statements, omitted } = policy
  return [
    `${KINDS[policyType]} ${style('bold', source.id)}${ORIGINS[source.type] ?? ''}`,
    ...(unreadable ? [style('red', '  cannot be read, and so denies everything')] : []),
    ...(!unreadable && statements.length === 0 && omitted === undefined ? ['  has no statements'] : []),
    ...statements.map(showStatement),
    ...(omitted === undefined ? [] : [style('dim', `  and ${omitted} more that are not about this request`)]),
    '',
  ]
}

const ORIGINS: Readonly<Record<string, string>> = {
  user: ', inline in the user',
  group: ', inline in a group of the user',
  role: ', inline in the role',
  'aws-managed': ', managed by AWS',
  'user-managed': ', managed',
}

function showStatement(statement: DetailedStatement): string {
  const { index, sid, start, effect, outcome } = statement
  const name = `  ${index + 1}. ${effect}${sid === undefined ? '' : ` "${sid}"`} (${start.line}:${start.column})`
  if (outcome !== 'matches') return `${name}: ${style('dim', because(statement))}`
  const text = statement.text === undefined ? '' : ` ${compact(statement.text)}`
  return `${name}: ${style(effect === 'Deny' ? 'red' : 'green', effect === 'Deny' ? 'denies it' : 'allows it')}${text}`
}

function because({ outcome, condition }: DetailedStatement): string {
  if (outcome === 'other-action') return 'about other actions'
  if (outcome === 'other-resource') return 'about other resources'
  if (outcome === 'other-principal') return 'about other principals'
  if (condition === undefined) return 'its condition is not met'
  const { operator, key, expected, actual } = condition
  const found = actual === undefined ? 'the request has no such key' : `the request has ${values(actual)}`
  return `condition ${operator} ${key} expects ${values(expected)}; ${found}`
}

const values = (value: ContextValue): string =>
  typeof value === 'string' ? JSON.stringify(value) : value.map((one) => JSON.stringify(one)).join(', ')

function compact(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text))
  } catch {
    return text
  }
}

const GRANTS: Readonly<Record<ConsideredGrant['outcome'], string>> = {
  allows: 'allows it',
  'other-action': 'about other operations',
  'other-principal': 'given to somebody else',
  'constraint-not-met': 'its encryption context constraint is not met',
}

const showGrants = (grants: readonly ConsideredGrant[]): string[] =>
  grants.length === 0 ? [] : ['Grants', ...grants.map(({ id, outcome }) => `  ${id}: ${GRANTS[outcome]}`), '']

function showRemedies(details: DenialDetails): string[] {
  const { remedies, obstacle } = details
  const lines = remedies.flatMap((remedy, index) => [
    `${index === 0 ? 'To allow it, put' : 'and'} this statement into ${remedyPlace(details, remedy)}${index < remedies.length - 1 ? ',' : ':'}`,
    style('green', `  ${JSON.stringify(remedy.statement)}`),
  ])
  if (obstacle === 'denied')
    lines.push('No statement can outweigh one that denies: change that one, or the policy that cannot be read.')
  if (obstacle === 'no-resource-policies')
    lines.push(
      `Resources of this kind have no policies: only principals of account ${details.resourceAccount} may do this.`,
    )
  return lines
}
