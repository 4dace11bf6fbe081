import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type TemporaryDirectory, temporaryDirectory } from '../../test/support/temporary-directory.ts'
import { type AccessEntry, AccessLog } from './access-log.ts'
import { silentLogger } from './log.ts'

const ENTRY: AccessEntry = {
  requestId: 'a-b',
  time: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
  client: '127.0.0.1',
  method: 'POST',
  path: '/endpoints/iris/invocations',
  status: 200,
  bytes: 321,
  milliseconds: 1.23456,
  userAgent: 'Boto3/1',
}

let directory: TemporaryDirectory
beforeEach(async () => {
  directory = await temporaryDirectory()
})
afterEach(() => directory.remove())

const linesOf = async (file: string) =>
  (await readFile(file, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

describe('an access log', () => {
  it('holds a line of JSON for each request, of several processes too', async () => {
    const file = join(directory.path, 'access.log')
    const logs = [await AccessLog.open(file, silentLogger), await AccessLog.open(file, silentLogger)]
    for (let count = 0; count < 2_000; count++) for (const log of logs) log.add({ ...ENTRY, bytes: count })
    await Promise.all(logs.map((log) => log.close()))
    const lines = await linesOf(file)
    expect(lines).toHaveLength(4_000)
    expect(lines[0]).toEqual({ ...ENTRY, time: '2026-01-02T03:04:05.006Z', bytes: 0, milliseconds: 1.235 })
  })

  it('lets nobody write lines of his own, or long ones', async () => {
    const file = join(directory.path, 'access.log')
    const log = await AccessLog.open(file, silentLogger)
    log.add({ ...ENTRY, userAgent: 'x"\n{"status":200}', path: '/\u2028"\\' })
    log.add({ ...ENTRY, userAgent: undefined, path: `/${'a'.repeat(100_000)}` })
    await log.close()
    const lines = await linesOf(file)
    expect(lines.map(({ userAgent }) => userAgent)).toEqual(['x"\n{"status":200}', undefined])
    expect(String(lines[1]?.path)).toHaveLength(1_024)
  })

  it('counts what it cannot keep when requests come faster than they can be written', async () => {
    const file = join(directory.path, 'access.log')
    const log = await AccessLog.open(file, silentLogger)
    const path = `/${'a'.repeat(1_000)}`
    for (let count = 0; count < 10_000; count++) log.add({ ...ENTRY, path })
    await log.close()
    const lines = await linesOf(file)
    const dropped = lines.find((line) => 'dropped' in line)?.dropped as number
    expect(lines.length - 1 + dropped).toBe(10_000)
    expect(lines.length).toBeLessThan(5_000)
  })
})
