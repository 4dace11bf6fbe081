import { createWorkQueue } from '../../src/control/database-work-queue.ts'
import { watchCommits } from '../../src/storage/commit-watch.ts'
import { openSqliteDatabase } from '../../src/storage/sqlite/sqlite-database.ts'
import { silentLogger } from '../../src/telemetry/log.ts'

/** A worker that leases items of the kind `work` and never finishes them; prints each key. Argument: file. */
const db = await openSqliteDatabase({ file: process.argv[2] ?? '' })
const watch = watchCommits(db, silentLogger)
const queue = createWorkQueue({ db, watch, clock: { now: () => Date.now() }, log: silentLogger })
const forEver = setInterval(() => {}, 60_000)
queue.handle(
  'work',
  async ({ key }) => {
    console.log(key)
    await new Promise(() => {})
    clearInterval(forEver)
    return { done: true }
  },
  { concurrency: 10 },
)
queue.start()
