import type { Clock } from '../../../shared/clock.ts'
import { wait } from '../../../shared/wait.ts'
import type { Database } from '../../../storage/database.ts'
import type { EndpointInstanceRow } from '../../../storage/schema/endpoints.ts'
import { containersOf, type EndpointState } from './endpoint-state.ts'
import type { InstanceBells } from './instance-bells.ts'

/** Every worker has heard by then that an instance is no longer routed to, even one that is busy. */
export const ROUTES_MILLISECONDS = 2_000
/** Nobody expects answers of an endpoint that has been deleted. */
const DELETED_MILLISECONDS = 250
/** Beyond the longest a request may take. */
const GRACE_MILLISECONDS = 5_000
/** A hold that has run out rings no bell. */
const LOOK_MILLISECONDS = 1_000

export interface DrainDeps {
  readonly database: Database
  readonly clock: Clock
  readonly bells: InstanceBells
  /** How long a worker may go on sending requests to what is no longer in its routes. */
  readonly routesMilliseconds: number
  /** The longest that a container may take for a request, streams included. */
  readonly requestSeconds: number
}

/**
 * Waits until no worker sends requests to an instance that is to be ended, and until those that still wait for answers of
 * it have them; for no longer than a request may take. A worker that goes on after another counts from the same moment.
 */
export async function drained(
  deps: DrainDeps,
  { row, state }: { readonly row: EndpointInstanceRow; readonly state: EndpointState },
  signal: AbortSignal,
): Promise<void> {
  const since = () => deps.clock.now() - row.changed_at
  const abandoned = state.endpoint.status === 'Deleting' || state.endpoint.status === 'Failed'
  // One that has never run has never been routed to either.
  if (containersOf(state, row.id).every(({ address }) => address === null)) return
  await wait(Math.max(0, (abandoned ? DELETED_MILLISECONDS : deps.routesMilliseconds) - since()), signal)
  if (abandoned) return
  const bell = deps.bells.listen(row.id)
  try {
    const longest = deps.requestSeconds * 1000 + GRACE_MILLISECONDS
    while (since() < longest && (await isHeld(deps, row))) await bell.wait(LOOK_MILLISECONDS, signal)
  } finally {
    bell.close()
  }
}

/** Whether some worker still waits for answers, and somebody for those: nobody does once the endpoint is deleted. */
async function isHeld({ database, clock }: DrainDeps, row: EndpointInstanceRow): Promise<boolean> {
  const hold = await database.query
    .selectFrom('endpoint_holds')
    .innerJoin('endpoint_instances', 'endpoint_instances.id', 'endpoint_holds.instance_id')
    .innerJoin('endpoints', (join) =>
      join
        .onRef('endpoints.account', '=', 'endpoint_instances.account')
        .onRef('endpoints.region', '=', 'endpoint_instances.region')
        .onRef('endpoints.name_key', '=', 'endpoint_instances.name_key'),
    )
    .select('endpoint_holds.worker')
    .where('endpoint_holds.instance_id', '=', row.id)
    .where('endpoint_holds.expires_at', '>', clock.now())
    .where('endpoints.status', '<>', 'Deleting')
    .executeTakeFirst()
  return hold !== undefined
}
