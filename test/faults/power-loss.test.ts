import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rawCall } from '../support/api-call.ts'
import { type Accepted, type AsyncEndpoint, asyncNotifications, deployAsync } from '../support/async-endpoint.ts'
import { faultChance } from '../support/chance.ts'
import { eventually } from '../support/eventually.ts'
import { type HostingFixture, startHosting } from '../support/hosting.ts'
import { copyAtOnce, losePower } from '../support/power-loss.ts'
import { lacksEngine } from '../support/shared-engine.ts'
import { type Slipway, startSlipway } from '../support/slipway.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts'
import { workerPids } from '../support/worker-pids.ts'

const COPIES = process.env.SLOW_TESTS === '1' ? 25 : 3
const SENDERS = 8
/** In the row that names them, and in a file. */
const SIZES = [10, 3_000, 20_000, 60_000]
const OUTPUTS_READ = 40

const bodyOf = (id: string) => `${id}:`.padEnd(SIZES[Number(id.split('-').at(-1)) % SIZES.length] as number, id)

describe.skipIf(lacksEngine('docker'))('a power failure while requests are accepted and worked on', () => {
  let hosting: HostingFixture
  let endpoint: AsyncEndpoint
  let copies: TemporaryDirectory
  let tries = 0
  beforeAll(async () => {
    copies = await temporaryDirectory()
    hosting = await startHosting('docker', { workers: 2 })
    endpoint = await deployAsync(hosting, 'power', { maxConcurrency: 4 })
  })
  afterAll(async () => {
    await hosting?.stop()
    await copies?.remove()
  })

  /** What a data directory holds, straight from its database: integrity first. */
  function look(dataDir: string) {
    const database = new DatabaseSync(join(dataDir, 'slipway.db'))
    try {
      expect(database.prepare('pragma integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
      expect(database.prepare('pragma foreign_key_check').all()).toEqual([])
      const column = (sql: string) =>
        database
          .prepare(sql)
          .all()
          .map((row) => String(Object.values(row)[0]))
      const waiting = column('select document from async_requests')
      const [backlog] = column('select coalesce(sum(accepted - finished), 0) from async_counts')
      expect(Number(backlog)).toBe(waiting.length)
      const bodies = column('select request_id from async_bodies')
      expect(new Set(column('select request_id from async_requests'))).toEqual(new Set(bodies))
      return {
        waiting: new Set(waiting.map((document) => (JSON.parse(document) as { inferenceId: string }).inferenceId)),
        objects: new Set(column('select key from s3_objects')),
        blobs: new Set(column('select blob_id from s3_slices where content is null')),
      }
    } finally {
      database.close()
    }
  }
  /** The blobs that the rows of a copy name. It is looked at in a copy of its own: to open it would mend it. */
  async function namedBlobs(copy: string): Promise<ReadonlySet<string>> {
    const looked = `${copy}-looked`
    await cp(copy, looked, { recursive: true })
    return look(looked).blobs
  }

  async function requireAll(server: Slipway, accepted: readonly Accepted[], objects: ReadonlySet<string>) {
    const done = accepted.filter(({ output }) => objects.has(output))
    for (const { inferenceId, output } of done.slice(-OUTPUTS_READ)) {
      const answer = await rawCall(server, 's3', { method: 'GET', target: `/${endpoint.bucket}/${output}` })
      expect([answer.status, answer.text === bodyOf(inferenceId)], inferenceId).toEqual([200, true])
    }
    const told = new Set<string | undefined>()
    const next = await asyncNotifications(server, endpoint.name)
    await eventually(async () => {
      for (let some = await next(); some.length > 0; some = await next())
        for (const { inferenceId } of some) told.add(inferenceId)
      expect(done.filter(({ inferenceId }) => !told.has(inferenceId))).toEqual([])
    }, 20_000)
    return done.length
  }

  it(`loses no request that was answered, in ${COPIES} moments`, { timeout: COPIES * 30_000 + 60_000 }, async () => {
    const chance = faultChance('power-loss')
    const run = ++tries
    const accepted: Accepted[] = []
    let count = 0
    let copy = ''
    for (let moment = 0; moment < COPIES; moment++) {
      let going = true
      const senders = Array.from({ length: SENDERS }, async () => {
        while (going) {
          const id = `r-${run}-${count++}`
          const one = await endpoint.send(id, { body: bodyOf(id) })
          if (one !== undefined) accepted.push(one)
        }
      })
      const until = accepted.length + chance.between(40, 160)
      await eventually(() => expect(accepted.length).toBeGreaterThan(until), 60_000, chance.between(1, 10))
      copy = join(copies.path, `data-${run}-${moment}`)
      const known = [...accepted]
      await copyAtOnce(hosting.slipway.dataDir, [hosting.slipway.process.pid, ...workerPids(hosting.slipway)], copy)
      going = false
      await Promise.all(senders)

      const named = await namedBlobs(copy)
      const atStake = await losePower(copy, chance, (id) => named.has(id))
      const { waiting, objects, blobs } = look(copy)
      expect(blobs).toEqual(named)
      const lost = known.filter(({ inferenceId, output }) => !waiting.has(inferenceId) && !objects.has(output))
      expect(lost).toEqual([])
      // No request is both there and done.
      expect(known.filter(({ inferenceId, output }) => waiting.has(inferenceId) && objects.has(output))).toEqual([])
      if (moment === COPIES - 1) break
      const server = await startSlipway({ dataDir: copy })
      try {
        const done = await requireAll(server, known, objects)
        console.info(
          `${known.length} answered: ${done} done, ${waiting.size} wait; ${atStake} bytes of the log at stake`,
        )
      } finally {
        await server.stop()
      }
    }

    // The last one goes on with the containers that are there.
    const before = look(copy)
    await hosting.restart('SIGKILL', { dataDir: copy })
    const [left] = [accepted.filter(({ inferenceId }) => before.waiting.has(inferenceId))]
    await eventually(async () => {
      const keys = await endpoint.keys('out/')
      expect(left.filter(({ output }) => !keys.has(output))).toEqual([])
    }, 60_000)
    const there = accepted.filter(
      ({ inferenceId, output }) => before.waiting.has(inferenceId) || before.objects.has(output),
    )
    await requireAll(hosting.slipway, there, await endpoint.keys('out/'))
    await hosting.remove(endpoint.name)
  })
})
