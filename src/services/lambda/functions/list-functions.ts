import type { ListFunctionsRequest, ListFunctionsResponse } from '../../../model/generated/lambda.ts'
import { notImplemented } from '../../../wire/service-error.ts'
import type { RequestContext } from '../../operation.ts'
import type { LambdaDeps } from '../deps.ts'
import { invalidParameterValue } from '../errors.ts'
import { functionConfiguration } from './function-configuration.ts'
import { recordOfRow } from './function-record.ts'

/** The API takes larger numbers and answers no more than these. */
const MAX_PAGE = 50

/** The caller's functions by name. */
export async function listFunctions(
  { database, box }: LambdaDeps,
  input: ListFunctionsRequest,
  context: RequestContext,
): Promise<ListFunctionsResponse> {
  if (input.MasterRegion !== undefined) throw notImplemented('ListFunctions with MasterRegion')
  const limit = Math.min(input.MaxItems ?? MAX_PAGE, MAX_PAGE)
  let query = database.query
    .selectFrom('lambda_functions')
    .selectAll()
    .where('account', '=', context.account)
    .where('region', '=', context.region)
    .orderBy('name')
    .limit(limit + 1)
  if (input.Marker !== undefined && input.Marker !== '') query = query.where('name', '>', readMarker(input.Marker))
  const rows = await query.execute()
  const shown = rows.slice(0, limit)
  return {
    Functions: shown.map((row) => functionConfiguration(recordOfRow(row, box))),
    ...(rows.length > limit && { NextMarker: Buffer.from(shown.at(-1)!.name).toString('base64url') }),
  }
}

function readMarker(marker: string): string {
  const name = Buffer.from(marker, 'base64url').toString('utf8')
  if (!/^[a-zA-Z0-9-_]{1,64}$/.test(name)) throw invalidParameterValue('Invalid Marker')
  return name
}
