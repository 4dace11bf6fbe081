import type { Database, Statement } from '../../storage/database.ts'
import { statement } from '../../storage/statement.ts'

interface ScaledEndpoint {
  readonly account: string
  readonly region: string
  readonly name_key: string
}

/** Takes targets, scheduled actions and policies from an endpoint that is deleted; the sweep then deletes the alarms of the policies. */
export function dropScaling({ query }: Database, endpoint: ScaledEndpoint): readonly Statement[] {
  const { account, region, name_key } = endpoint
  const targets = query
    .selectFrom('scaling_targets')
    .select('id')
    .where((of) => of.and({ account, region, name_key }))
  return [
    statement(query.deleteFrom('scaling_policies').where('target_id', 'in', targets)),
    statement(query.deleteFrom('scaling_schedules').where('target_id', 'in', targets)),
    statement(query.deleteFrom('scaling_targets').where((of) => of.and({ account, region, name_key }))),
  ]
}

/** The names of the endpoint's variants that have scaling policies. */
export async function scaledVariants({ query }: Database, endpoint: ScaledEndpoint): Promise<readonly string[]> {
  const { account, region, name_key } = endpoint
  const rows = await query
    .selectFrom('scaling_targets')
    .select('variant_name')
    .where((of) => of.and({ account, region, name_key }))
    .where('id', 'in', query.selectFrom('scaling_policies').select('target_id'))
    .execute()
  return rows.map((row) => row.variant_name)
}
