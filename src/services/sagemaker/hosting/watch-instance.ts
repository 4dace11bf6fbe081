import type { ChangeFeed } from '../../../storage/change-feed.ts'
import { EVERYTHING } from '../../../storage/change-feed.ts'
import type { Database } from '../../../storage/database.ts'
import type { EndpointInstanceRow } from '../../../storage/schema/endpoints.ts'
import { ENDPOINTS_TOPIC, formatEndpointKey } from './endpoint-state.ts'

/** Work on one state of an instance. Its signal aborts as soon as somebody wants another. */
export interface InstanceWatch {
  readonly signal: AbortSignal
  readonly superseded: boolean
  stop(): void
}

/** Watches, so that a deletion need not wait for the pull of an image or the start of a container nobody wants any more. */
export function watchInstance(
  { database, changeFeed }: { readonly database: Database; readonly changeFeed: ChangeFeed },
  row: EndpointInstanceRow,
  signal: AbortSignal,
): InstanceWatch {
  const controller = new AbortController()
  const endpoint = formatEndpointKey(row)
  const check = async () => {
    const now = await database.query
      .selectFrom('endpoint_instances')
      .select('state')
      .where('id', '=', row.id)
      .executeTakeFirst()
    if (now?.state !== row.state) controller.abort(new Error('the instance has changed'))
  }
  const stop = changeFeed.subscribe(ENDPOINTS_TOPIC, (changed) => {
    // A read that fails changes nothing: what is written next is written only if the state is still the same.
    if (changed === endpoint || changed === EVERYTHING) check().catch(() => {})
  })
  return {
    signal: AbortSignal.any([signal, controller.signal]),
    get superseded() {
      return controller.signal.aborted
    },
    stop,
  }
}
