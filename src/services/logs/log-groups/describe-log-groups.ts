import type { DescribeLogGroupsRequest, DescribeLogGroupsResponse, LogGroup } from '../../../model/generated/logs.ts'
import type { LogGroupRow } from '../../../storage/schema/logs.ts'
import { notImplemented } from '../../../wire/service-error.ts'
import type { RequestContext } from '../../operation.ts'
import type { LogsDeps } from '../deps.ts'
import { invalidParameter } from '../errors.ts'
import { decodeListToken, encodeListToken } from '../list-token.ts'
import { logGroupArn, logGroupOfIdentifier } from './log-group-identifier.ts'

/** Groups in the order of their names, with the bytes they hold. */
export async function describeLogGroups(
  { database: db }: LogsDeps,
  input: DescribeLogGroupsRequest,
  context: RequestContext,
): Promise<DescribeLogGroupsResponse> {
  if (input.includeLinkedAccounts) throw notImplemented('DescribeLogGroups with includeLinkedAccounts')
  const { logGroupNamePrefix: prefix, logGroupNamePattern: pattern, logGroupIdentifiers: identifiers } = input
  if (prefix !== undefined && pattern !== undefined) {
    throw invalidParameter('LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.')
  }
  const limit = input.limit ?? 50
  let query = db.query
    .selectFrom('logs_groups')
    .selectAll()
    .where('account', '=', context.account)
    .where('region', '=', context.region)
    .orderBy('name')
  if (prefix !== undefined) {
    query = query.where((eb) => eb(eb.fn('substr', ['name', eb.val(1), eb.val([...prefix].length)]), '=', prefix))
  }
  if (identifiers !== undefined) {
    query = query.where(
      'name',
      'in',
      identifiers.map((identifier) => logGroupOfIdentifier(identifier, context)),
    )
  }
  if (input.logGroupClass !== undefined) query = query.where('class', '=', input.logGroupClass)

  let after = input.nextToken === undefined ? undefined : decodeListToken(input.nextToken, ['string'])[0]
  const found: LogGroupRow[] = []
  for (;;) {
    const page = await (after === undefined ? query : query.where('name', '>', after)).limit(limit + 1).execute()
    // LIKE means different things to the databases (case), so the pattern is matched here.
    found.push(...page.filter((row) => pattern === undefined || row.name.includes(pattern)))
    if (page.length <= limit || found.length > limit) break
    after = page.at(-1)!.name
  }
  const shown = found.slice(0, limit)
  const sizes = await storedBytes(db, shown)
  return {
    logGroups: shown.map((row) => describe(row, sizes.get(row.id) ?? 0)),
    ...(found.length > limit && { nextToken: encodeListToken([shown.at(-1)!.name]) }),
  }
}

async function storedBytes(db: LogsDeps['database'], groups: readonly LogGroupRow[]): Promise<Map<string, number>> {
  if (groups.length === 0) return new Map()
  const sums = await db.query
    .selectFrom('logs_streams')
    .select(['group_id', (eb) => eb.fn.sum<number>('stored_bytes').as('bytes')])
    .where(
      'group_id',
      'in',
      groups.map((row) => row.id),
    )
    .groupBy('group_id')
    .execute()
  return new Map(sums.map((row) => [row.group_id, Number(row.bytes)]))
}

function describe(row: LogGroupRow, storedBytes: number): LogGroup {
  const arn = logGroupArn(row.account, row.region, row.name)
  return {
    logGroupName: row.name,
    creationTime: row.created_at,
    ...(row.retention_days !== null && { retentionInDays: row.retention_days }),
    metricFilterCount: 0,
    arn: `${arn}:*`,
    storedBytes,
    logGroupClass: row.class as LogGroup['logGroupClass'],
    logGroupArn: arn,
  }
}
