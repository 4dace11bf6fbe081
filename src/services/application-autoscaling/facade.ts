import type { Database, Statement } from '../../storage/database.ts'
import { none, statement } from '../../storage/statement.ts'

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

/** Holds only while no policy scales the variant: whoever adds one and whoever takes the variant away exclude each other. */
export function nobodyScales(
  { query }: Database,
  { account, region, name_key }: ScaledEndpoint,
  variant_name: string,
  otherwise: () => Error,
): Statement {
  const scaled = query
    .selectFrom('scaling_targets')
    .select('id')
    .where((of) => of.and({ account, region, name_key, variant_name }))
    .where('id', 'in', query.selectFrom('scaling_policies').select('target_id'))
  return statement(scaled, none(otherwise))
}
