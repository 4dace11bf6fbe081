import { join } from 'node:path'
import { openSqliteDatabase } from '../../src/storage/sqlite/sqlite-database.ts'

/** Looks at the queues of asynchronous endpoints where the server keeps them: asking the server would cost it more than a request does. */
export interface QueueObserver {
  /** How many requests have been accepted and how many have ended, of all queues. */
  counts(): Promise<{ readonly accepted: number; readonly finished: number }>
  /** Notifications that are not on their way yet. */
  untold(): Promise<number>
  has(bucket: string, key: string): Promise<boolean>
  close(): Promise<void>
}

export async function observeQueues(dataDir: string): Promise<QueueObserver> {
  const database = await openSqliteDatabase({ file: join(dataDir, 'slipway.db') })
  const { query } = database
  return {
    counts: async () => {
      const row = await query
        .selectFrom('async_counts')
        .select(({ fn }) => [fn.sum<number>('accepted').as('accepted'), fn.sum<number>('finished').as('finished')])
        .executeTakeFirst()
      return { accepted: row?.accepted ?? 0, finished: row?.finished ?? 0 }
    },
    untold: async () => {
      const row = await query
        .selectFrom('sns_publications')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow()
      return row.count
    },
    has: async (bucket, key) => {
      const row = await query
        .selectFrom('s3_objects')
        .select('size')
        .where('bucket', '=', bucket)
        .where('key', '=', key)
        .executeTakeFirst()
      return row !== undefined
    },
    close: () => database.close(),
  }
}
