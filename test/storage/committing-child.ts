import { writeSync } from 'node:fs'
import { openSqliteDatabase } from '../../src/storage/sqlite/sqlite-database.ts'
import { statement } from '../../src/storage/statement.ts'

/**
 * A process that commits without rest and prints each key once its commit has been acknowledged.
 * Arguments: file, prefix of the keys, producers, and after how many milliseconds to end (it may be killed before).
 */
const [file = '', prefix = '', producers = '1', milliseconds = '60000'] = process.argv.slice(2)
const db = await openSqliteDatabase({ file })
const deadline = performance.now() + Number(milliseconds)
let next = 0

async function produce(): Promise<void> {
  while (performance.now() < deadline) {
    const key = `${prefix}${next++}`
    const item = { kind: 'child', key, due_at: 0, lease_number: 0, attempts: 0 }
    const twin = { ...item, kind: 'twin' }
    await db.commit([
      statement(db.query.insertInto('work_items').values(item)),
      statement(db.query.insertInto('work_items').values(twin)),
    ])
    print(key)
  }
}

/** Writes a line before anything else can happen. The pipe refuses it while its reader is behind; then it is tried again. */
function print(line: string): void {
  let rest = Buffer.from(`${line}\n`)
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    }
  }
}

print('open')
await Promise.all(Array.from({ length: Number(producers) }, produce))
await db.close()
