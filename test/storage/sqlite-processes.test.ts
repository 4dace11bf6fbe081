import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openSqliteDatabase, type SqliteDatabase } from '../../src/storage/sqlite/sqlite-database.ts'

const SCRIPT = fileURLToPath(new URL('./committing-child.ts', import.meta.url))

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-processes-'))
  file = join(folder, 'slipway.db')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

interface Child {
  readonly process: ChildProcessByStdio<null, Readable, Readable>
  readonly acknowledged: string[]
  readonly opened: Promise<void>
  readonly ended: Promise<{ readonly errors: string }>
  /** Resolves when that many keys have been acknowledged. */
  reached(count: number): Promise<void>
}

function startChild(prefix: string, producers: number, milliseconds = 60_000): Child {
  const args = [SCRIPT, file, prefix, String(producers), String(milliseconds)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const acknowledged: string[] = []
  const waiting: { readonly count: number; readonly resolve: () => void }[] = []
  let errors = ''
  child.stderr.on('data', (bytes) => {
    errors += String(bytes)
  })
  let isOpen = () => {}
  const opened = new Promise<void>((resolve) => {
    isOpen = resolve
  })
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => {
    if (line === 'open') return isOpen()
    acknowledged.push(line)
    for (const { count, resolve } of waiting) if (acknowledged.length >= count) resolve()
  })
  const ended = Promise.all([once(child, 'exit'), once(lines, 'close')]).then(() => ({ errors }))
  const reached = (count: number) => new Promise<void>((resolve) => waiting.push({ count, resolve }))
  return { process: child, acknowledged, opened, ended, reached }
}

async function withDatabase<T>(use: (db: SqliteDatabase) => Promise<T>): Promise<T> {
  const db = await openSqliteDatabase({ file })
  try {
    return await use(db)
  } finally {
    await db.close()
  }
}

const keysOf = (kind: string) =>
  withDatabase(async (db) => {
    const rows = await db.query.selectFrom('work_items').select('key').where('kind', '=', kind).execute()
    return new Set(rows.map((row) => row.key))
  })

test('a process killed at any moment loses nothing that it acknowledged, and leaves no half units', async () => {
  for (let round = 0; round < 4; round++) {
    const child = startChild(`r${round}-`, 16)
    await child.reached(200 + round * 333)
    child.process.kill('SIGKILL')
    await child.ended
    const kept = await keysOf('child')
    expect(child.acknowledged.filter((key) => !kept.has(key))).toEqual([])
    expect(await keysOf('twin')).toEqual(kept)
  }
})

test('several processes start at once on a new file and share it, and none starves', async () => {
  const children = ['a', 'b', 'c'].map((prefix) => startChild(prefix, 8, 4_000))
  await Promise.all(children.map((child) => child.opened))
  for (const { errors } of await Promise.all(children.map((child) => child.ended))) expect(errors).toBe('')
  const counts = children.map((child) => child.acknowledged.length)
  expect((await keysOf('child')).size).toBe(counts.reduce((sum, count) => sum + count))
  expect(Math.min(...counts)).toBeGreaterThan(Math.max(...counts) / 10)
})

test('one process sees what another has committed', async () => {
  await withDatabase(async (db) => {
    const before = await db.commitMark()
    const child = startChild('seen-', 1)
    await child.reached(20)
    const key = child.acknowledged[19] ?? ''
    const row = await db.query.selectFrom('work_items').select('key').where('key', '=', key).executeTakeFirst()
    expect(row).toEqual({ key })
    expect(await db.commitMark()).not.toBe(before)
    child.process.kill('SIGKILL')
    await child.ended
  })
})
