import type { SuspendedState } from '../../../model/generated/application-autoscaling.ts'
import type { Database } from '../../../storage/database.ts'
import type { ScalingTargetRow } from '../../../storage/schema/autoscaling.ts'
import { noTarget } from '../errors.ts'
import type { Owner } from '../scalable-resource.ts'

export const findTarget = ({ query }: Database, { account, region }: Owner, resource_id: string) =>
  query
    .selectFrom('scaling_targets')
    .selectAll()
    .where((of) => of.and({ account, region, resource_id }))
    .executeTakeFirst()

export const findTargetById = ({ query }: Database, id: string): Promise<ScalingTargetRow | undefined> =>
  query.selectFrom('scaling_targets').selectAll().where('id', '=', id).executeTakeFirst()

/** @throws ObjectNotFoundException */
export async function requireTarget(database: Database, owner: Owner, resource: string): Promise<ScalingTargetRow> {
  const row = await findTarget(database, owner, resource)
  if (row === undefined) throw noTarget(resource)
  return row
}

export const suspendedOf = ({ suspended }: Pick<ScalingTargetRow, 'suspended'>): Required<SuspendedState> =>
  JSON.parse(suspended) as Required<SuspendedState>
