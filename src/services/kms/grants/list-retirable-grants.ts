import type { ListGrantsResponse, ListRetirableGrantsRequest } from '../../../model/generated/kms.ts'
import { parseArn } from '../../../shared/arn.ts'
import { readPage } from '../../../shared/pagination.ts'
import type { RequestContext } from '../../operation.ts'
import { badPrincipal, refused } from '../errors.ts'
import type { KmsDeps } from '../kms-deps.ts'
import { pageOutput, pageRequest } from '../paging.ts'
import { toGrantEntry } from './grant.ts'

/** The grants, on keys of whatever account, that a principal of the caller's account may give back. */
export async function listRetirableGrants(
  { database }: KmsDeps,
  input: ListRetirableGrantsRequest,
  context: RequestContext,
): Promise<ListGrantsResponse> {
  const { RetiringPrincipal: retiring } = input
  const arn = parseArn(retiring)
  if (arn === undefined) throw badPrincipal(retiring)
  if (arn.account !== context.account) {
    const reason = 'the retiring principal belongs to another account'
    throw refused(context.principal.arn, 'kms:ListRetirableGrants', retiring, reason)
  }
  const query = database.query
    .selectFrom('kms_grants')
    .innerJoin('kms_keys', 'kms_keys.key_id', 'kms_grants.key_id')
    .selectAll('kms_grants')
    .select('kms_keys.account')
    .where('kms_grants.retiring', '=', retiring)
    .where('kms_grants.region', '=', context.region)
  const scope = ['retirable', retiring, context.region]
  const page = await readPage(query, ['grant_id'], pageRequest(scope, input, { usual: 50, most: 100 }))
  return { Grants: page.rows.map((row) => toGrantEntry(row, row.account)), ...pageOutput(scope, page) }
}
