import { join } from 'node:path'
import { openSqliteDatabase } from '../../src/storage/sqlite/sqlite-database.ts'

/** What lies in the queue of the one asynchronous endpoint of a server, read from its database. */
export interface QueueRows {
  /** Requests that wait, and requests that an instance has. */
  counts(): Promise<{ readonly waiting: number; readonly held: number }>
  /** What has been put back, by what for. */
  putBack(): Promise<readonly { readonly trouble: string | null; readonly requests: number }[]>
  close(): Promise<void>
}

export async function openQueueRows(dataDir: string): Promise<QueueRows> {
  const database = await openSqliteDatabase({ file: join(dataDir, 'slipway.db') })
  const { query } = database
  return {
    counts: async () => {
      const rows = await query.selectFrom('async_requests').select('instance_id').execute()
      const held = rows.filter(({ instance_id }) => instance_id !== null).length
      return { waiting: rows.length - held, held }
    },
    putBack: async () => {
      const rows = await query
        .selectFrom('async_requests')
        .select(({ fn }) => ['trouble', fn.countAll<number>().as('requests')])
        .where('trouble', 'is not', null)
        .groupBy('trouble')
        .execute()
      return rows.map(({ trouble, requests }) => ({ trouble, requests: Number(requests) }))
    },
    close: () => database.close(),
  }
}
