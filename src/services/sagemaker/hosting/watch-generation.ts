import type { ChangeFeed } from '../../../storage/change-feed.ts'
import type { Database } from '../../../storage/database.ts'
import { ENDPOINTS_TOPIC, type EndpointState, formatEndpointKey } from './endpoint-state.ts'

/** Work on one generation of an endpoint. Its signal aborts as soon as something newer is wanted. */
export interface GenerationWatch {
  readonly signal: AbortSignal
  readonly superseded: boolean
  stop(): void
}

/** Watches, so that a deletion need not wait for the start of a container that nobody wants any more. */
export function watchGeneration(
  { database, changeFeed }: { readonly database: Database; readonly changeFeed: ChangeFeed },
  { key, endpoint }: EndpointState,
  signal: AbortSignal,
): GenerationWatch {
  const controller = new AbortController()
  const mine = formatEndpointKey(key)
  const check = async () => {
    const row = await database.query
      .selectFrom('endpoints')
      .select(['generation', 'created_at'])
      .where((of) => of.and({ ...key }))
      .executeTakeFirst()
    if (row?.generation !== endpoint.generation || row.created_at !== endpoint.created_at)
      controller.abort(new Error('the endpoint has changed'))
  }
  const stop = changeFeed.subscribe(ENDPOINTS_TOPIC, (changed) => {
    // A read that fails changes nothing: the item is looked at again anyway.
    if (changed === mine || changed === '*') check().catch(() => {})
  })
  return {
    signal: AbortSignal.any([signal, controller.signal]),
    get superseded() {
      return controller.signal.aborted
    },
    stop,
  }
}
