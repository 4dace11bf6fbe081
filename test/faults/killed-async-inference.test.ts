import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Accepted, deployAsync } from '../support/async-endpoint.ts'
import { eventually } from '../support/eventually.ts'
import { type HostingFixture, startHosting } from '../support/hosting.ts'
import { lacksEngine } from '../support/shared-engine.ts'
import { servingWorkers } from '../support/worker-pids.ts'

const SLOW = process.env.SLOW_TESTS === '1'
const [REQUESTS, KILLS] = SLOW ? [10_000, 20] : [1_500, 6]
const SENDERS = 16
const CONCURRENCY = 8
/** Another run of the same kills: FAULT_SEED=… */
const SEED = Number(process.env.FAULT_SEED ?? Math.floor(Math.random() * 1e6))

/** mulberry32: small, and the same everywhere. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let value = Math.imul(state ^ (state >>> 15), 1 | state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32
  }
}

describe.skipIf(lacksEngine('docker'))('workers and containers that are killed while requests wait', () => {
  let hosting: HostingFixture
  let tries = 0
  beforeAll(async () => {
    hosting = await startHosting('docker', { workers: 2 })
  })
  afterAll(() => hosting?.stop())

  it(`lose none of ${REQUESTS} requests`, { timeout: SLOW ? 900_000 : 240_000 }, async () => {
    console.info(`FAULT_SEED=${SEED}`)
    const random = seeded(SEED)
    const endpoint = await deployAsync(hosting, `killed-${++tries}`, { instances: 2, maxConcurrency: CONCURRENCY })
    const accepted: Accepted[] = []
    let next = 0
    const send = async () => {
      while (next < REQUESTS) {
        const inferenceId = `r-${next++}`
        // What nobody was there to accept is sent again by its client.
        for (;;) {
          const one = await endpoint.send(inferenceId, { body: `request ${inferenceId}` })
          if (one === undefined) continue
          accepted.push(one)
          break
        }
      }
    }
    const kill = async () => {
      const containers = await hosting.containers(endpoint.name)
      if (random() < 0.5 && containers.length > 0) {
        await hosting.kill(containers[Math.floor(random() * containers.length)]!.id).catch(() => {})
        return
      }
      const workers = servingWorkers(hosting.slipway)
      const victim = workers[Math.floor(random() * workers.length)]
      if (victim === undefined) return
      process.kill(victim, 'SIGKILL')
      await eventually(() => {
        const now = servingWorkers(hosting.slipway)
        expect(now).not.toContain(victim)
        expect(now.length).toBeGreaterThan(0)
      }, 60_000)
    }
    const killer = async () => {
      for (let count = 1; count <= KILLS; count++) {
        await eventually(() => expect(accepted.length).toBeGreaterThan((REQUESTS * (count - 0.5)) / KILLS), 300_000)
        await kill()
      }
    }
    await Promise.all([killer(), ...Array.from({ length: SENDERS }, send)])
    const ended = async () => {
      const [outputs, failures] = [await endpoint.keys('out/'), await endpoint.keys('fail/')]
      const open = accepted.filter(({ output, failure }) => !outputs.has(output) && !failures.has(failure))
      expect(open.slice(0, 3)).toEqual([])
      return { outputs, failures }
    }
    const { outputs, failures } = await eventually(ended, SLOW ? 400_000 : 120_000)
    expect(accepted.filter(({ output, failure }) => outputs.has(output) && failures.has(failure))).toEqual([])

    const told = new Map<string, number>()
    const wanted = new Set(accepted.map(({ inferenceId }) => inferenceId))
    await eventually(async () => {
      for (;;) {
        const some = await endpoint.notifications()
        if (some.length === 0) break
        for (const { inferenceId } of some)
          if (inferenceId !== undefined) told.set(inferenceId, (told.get(inferenceId) ?? 0) + 1)
      }
      expect([...wanted].filter((id) => !told.has(id)).slice(0, 3)).toEqual([])
    }, 120_000)
    const duplicates = [...told.values()].reduce((sum, count) => sum + count - 1, 0) - (accepted.length - wanted.size)
    console.info(`${accepted.length} accepted, ${failures.size} failed, ${duplicates} told more than once`)
    expect(duplicates).toBeLessThanOrEqual(KILLS * CONCURRENCY * 2)
    await eventually(async () => expect(await hosting.containers(endpoint.name)).toHaveLength(2), 60_000)
    await hosting.remove(endpoint.name)
  })
})
