import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { createWorkQueue } from '../../src/control/database-work-queue.ts'
import { watchCommits } from '../../src/storage/commit-watch.ts'
import { openSqliteDatabase } from '../../src/storage/sqlite/sqlite-database.ts'
import { silentLogger } from '../../src/telemetry/log.ts'
import { eventually } from '../support/eventually.ts'

const SCRIPT = fileURLToPath(new URL('./leasing-child.ts', import.meta.url))

test('what a killed worker was doing is taken over when its lease runs out, and not before', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-killed-'))
  const file = join(folder, 'slipway.db')
  const db = await openSqliteDatabase({ file })
  const watch = watchCommits(db, silentLogger)
  let ahead = 0
  const queue = createWorkQueue({ db, watch, clock: { now: () => Date.now() + ahead }, log: silentLogger })
  try {
    const child = spawn(process.execPath, [SCRIPT, file], { stdio: ['ignore', 'pipe', 'inherit'] })
    const leased: string[] = []
    createInterface({ input: child.stdout }).on('line', (line) => leased.push(line))
    await db.commit(['a', 'b', 'c'].map((key) => queue.enqueue('work', key)))
    await eventually(() => expect(leased.sort()).toEqual(['a', 'b', 'c']))

    const taken: string[] = []
    const handler = async ({ key }: { key: string }) => {
      taken.push(key)
      return { done: true } as const
    }
    queue.handle('work', handler, { concurrency: 10 })
    queue.start()
    child.kill('SIGKILL')
    await once(child, 'exit')
    // The lease of the dead holds until the clock passes it.
    await db.commit([queue.enqueue('work', 'd')])
    await eventually(() => expect(taken).toEqual(['d']))
    ahead = 6_001
    await db.commit([queue.enqueue('work', 'e')])
    await eventually(() => expect(taken.sort()).toEqual(['a', 'b', 'c', 'd', 'e']))
    await eventually(async () => expect(await db.query.selectFrom('work_items').selectAll().execute()).toEqual([]))
  } finally {
    await queue.stop()
    watch.stop()
    await db.close()
    await rm(folder, { recursive: true, force: true })
  }
})
