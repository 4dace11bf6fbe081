import type { Clock } from '../../../shared/clock.ts'
import { wait } from '../../../shared/wait.ts'
import type { ChangeFeed } from '../../../storage/change-feed.ts'
import type { Database } from '../../../storage/database.ts'
import type { EndpointInstanceRow } from '../../../storage/schema/endpoints.ts'
import type { Logger } from '../../../telemetry/log.ts'
import { containersOf, DRAINS_TOPIC, type EndpointState, formatDrain, specOf } from './endpoint-state.ts'
import type { InstanceBells } from './instance-bells.ts'

/** A worker that lives and does not say that it has let go of an instance is waited for no longer than this. */
export const ROUTES_MILLISECONDS = 30_000
/** Nobody expects answers of an endpoint that has been deleted. */
const DELETED_MILLISECONDS = 250
/** The longest that a request to an asynchronous endpoint may take. Source: InvokeEndpointAsync (API reference). */
const ASYNC_SECONDS = 3_600
/** Beyond the longest a request may take. */
const GRACE_MILLISECONDS = 5_000
/** What has run out rings no bell, and who has come since has not been asked. */
const LOOK_MILLISECONDS = 1_000

export interface DrainDeps {
  readonly database: Database
  readonly changeFeed: ChangeFeed
  readonly clock: Clock
  readonly bells: InstanceBells
  readonly log: Logger
  /** How long workers are waited for that do not say whether they have let go of an instance. */
  readonly routesMilliseconds: number
  /** The longest that a container may take for a request, streams included. */
  readonly requestSeconds: number
}

/**
 * Waits until every worker has said that it sends no more requests to an instance that is to be ended, and until those that
 * still wait for answers of it have them; for no longer than a request may take. A worker that goes on after another
 * counts from the same moment.
 */
export async function drained(
  deps: DrainDeps,
  { row, state }: { readonly row: EndpointInstanceRow; readonly state: EndpointState },
  signal: AbortSignal,
): Promise<void> {
  const since = () => deps.clock.now() - row.changed_at
  // One that has never run has never been routed to either.
  if (containersOf(state, row.id).every(({ address }) => address === null)) return
  if (state.endpoint.status === 'Deleting' || state.endpoint.status === 'Failed')
    return wait(Math.max(0, DELETED_MILLISECONDS - since()), signal)
  const bell = deps.bells.listen(row.id)
  try {
    const asynchronous = specOf(state, row.fleet)?.asyncInferenceConfig !== undefined
    const longest = (asynchronous ? ASYNC_SECONDS : deps.requestSeconds) * 1000 + GRACE_MILLISECONDS
    let ask = true
    while (await isRouted(deps, row)) {
      if (since() >= deps.routesMilliseconds) {
        deps.log.warn({ instance: row.id }, 'an instance is ended although a worker has not said that it let go of it')
        break
      }
      if (ask) await askToLetGo(deps, row, state)
      // Whoever answers rings; whoever has not been asked, or has missed it, is asked the next time.
      ask = !(await bell.wait(LOOK_MILLISECONDS, signal))
    }
    while (since() < longest && (await isHeld(deps, row))) await bell.wait(LOOK_MILLISECONDS, signal)
  } finally {
    bell.close()
  }
}

const askToLetGo = ({ database, changeFeed }: DrainDeps, row: EndpointInstanceRow, { key }: EndpointState) =>
  database.commit([changeFeed.announce({ topic: DRAINS_TOPIC, key: formatDrain(row.id, key) })])

/** Whether some worker may still send requests to it, and somebody waits for their answers. */
async function isRouted({ database, clock }: DrainDeps, row: EndpointInstanceRow): Promise<boolean> {
  const silent = await database.query
    .selectFrom('serving_workers')
    .select('worker')
    .where('expires_at', '>', clock.now())
    .where('worker', 'not in', (of) =>
      of.selectFrom('endpoint_holds').select('endpoint_holds.worker').where('instance_id', '=', row.id),
    )
    .executeTakeFirst()
  return silent !== undefined && !(await isAbandoned(database, row))
}

/** Nobody waits for answers of it: its endpoint is being deleted. */
async function isAbandoned(database: Database, { account, region, name_key }: EndpointInstanceRow): Promise<boolean> {
  const endpoint = await database.query
    .selectFrom('endpoints')
    .select('status')
    .where((of) => of.and({ account, region, name_key }))
    .executeTakeFirst()
  return endpoint === undefined || endpoint.status === 'Deleting'
}

/** Whether some worker still waits for answers, and somebody for those. */
async function isHeld({ database, clock }: DrainDeps, row: EndpointInstanceRow): Promise<boolean> {
  const hold = await database.query
    .selectFrom('endpoint_holds')
    .select('worker')
    .where('instance_id', '=', row.id)
    .where('expires_at', '>', clock.now())
    .executeTakeFirst()
  return hold !== undefined && !(await isAbandoned(database, row))
}
