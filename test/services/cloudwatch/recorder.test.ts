import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { PointWriter } from '../../../src/services/cloudwatch/metrics/point-writer.ts'
import { Recorder } from '../../../src/services/cloudwatch/metrics/recorder.ts'
import { SeriesRegistry } from '../../../src/services/cloudwatch/metrics/series-registry.ts'
import { readTotals } from '../../../src/services/cloudwatch/prometheus/read-totals.ts'
import type { Database } from '../../../src/storage/database.ts'
import { StorageUnavailableError } from '../../../src/storage/errors.ts'
import { silentLogger } from '../../../src/telemetry/log.ts'
import { MINUTE, NOON, startTestCloudwatch, type TestCloudwatch } from '../../support/cloudwatch-service.ts'
import { testStores } from '../../support/databases.ts'

const target = (name: string, account = '123456789012') => ({
  ...{ account, region: 'us-east-1', namespace: 'AWS/SageMaker', name },
  dimensions: { EndpointName: 'e', VariantName: 'v' },
})

describe.each(testStores)('what the server records of itself, on $dialect', ({ create }) => {
  let cloudwatch: TestCloudwatch
  /** What becomes of commits: nothing, after they have been made, or before. */
  let fault: 'none' | 'before' | 'after'

  beforeEach(async () => {
    cloudwatch = await startTestCloudwatch(await create())
    fault = 'none'
  })
  afterEach(() => cloudwatch.stop())

  /** A worker of its own over the same storage. */
  function recorder(maxSeries = 1_000, resolutionSeconds = 60): Recorder {
    const { database } = cloudwatch
    const commit: Database['commit'] = async (unit) => {
      if (fault === 'before') throw new StorageUnavailableError('away')
      const result = await database.commit(unit)
      if (fault === 'after') throw new StorageUnavailableError('gone before it could say so')
      return result
    }
    const wrapped = { ...database, query: database.query, dialect: database.dialect, commit } as Database
    const clock = { now: () => cloudwatch.now }
    return new Recorder({
      writer: new PointWriter(wrapped, new SeriesRegistry(wrapped, maxSeries)),
      ...{ clock, log: silentLogger, settings: { flushSeconds: 5, resolutionSeconds } },
    })
  }
  const values = (statistic = 'Sum', period = 60) =>
    cloudwatch.facade.getStatistics(target('m'), { statistic, period, start: NOON, end: NOON + 60 * MINUTE })

  test('is written once a flush, whatever has been counted, by each worker for itself', async () => {
    const workers = [recorder(), recorder()]
    const counters = workers.map((worker) => worker.counter(target('m'), 'None'))
    for (const counter of counters) for (let index = 0; index < 1_000; index++) counter.add(1)
    const before = cloudwatch.database.commitCount()
    await workers[0]!.flush()
    // One unit that makes the series known, one for the values.
    expect(cloudwatch.database.commitCount() - before).toBe(2)
    counters[0]!.add(1)
    await workers[0]!.flush()
    expect(cloudwatch.database.commitCount() - before).toBe(3)
    await workers[0]!.flush()
    expect(cloudwatch.database.commitCount() - before).toBe(3)
    await workers[1]!.flush()
    expect(await values()).toEqual([{ at: NOON, value: 2_001 }])
    expect(await readTotals(cloudwatch.database)).toMatchObject([{ name: 'm', sum: 2_001, sampleCount: 2_001 }])
  })

  test('belongs to the interval in which it was counted', async () => {
    const worker = recorder(1_000, 10)
    const counter = worker.counter(target('m'), 'None')
    counter.add(1)
    cloudwatch.now += 10_000
    await worker.flush()
    counter.add(2)
    cloudwatch.now += 10_000
    await worker.flush()
    worker.record(target('m'), 4, 'None', NOON + 3_000)
    await worker.flush()
    expect(await values('Sum', 10)).toEqual([
      { at: NOON, value: 5 },
      { at: NOON + 10_000, value: 2 },
    ])
  })

  test('waits while storage is away, and is counted once whether or not a commit was made', async () => {
    const worker = recorder()
    const counter = worker.counter(target('m'), 'None')
    counter.add(1)
    fault = 'before'
    await worker.flush()
    counter.add(2)
    await worker.flush()
    fault = 'after'
    await worker.flush()
    counter.add(4)
    await worker.flush()
    fault = 'none'
    await worker.flush()
    expect(await values()).toEqual([{ at: NOON, value: 7 }])
    expect(await readTotals(cloudwatch.database)).toMatchObject([{ sum: 7 }])
  })

  test('of what would be too many metrics is dropped, and that of others is not', async () => {
    const worker = recorder(2)
    const names = async () => {
      const rows = await cloudwatch.database.query.selectFrom('cloudwatch_series').select('name').execute()
      return rows.map(({ name }) => name).sort()
    }
    // The server's own may be twice as many.
    for (const name of ['a', 'b', 'm']) worker.record(target(name), 1, 'None')
    await worker.flush()
    for (const name of ['d', 'e', 'm']) worker.record(target(name), 1, 'None')
    worker.record(target('other', '999999999999'), 1, 'None')
    await worker.flush()
    expect(await names()).toEqual(['a', 'b', 'm', 'other'])
    expect(await values()).toEqual([{ at: NOON, value: 2 }])
  })

  test('of counters with a second metric is stored there too, where there is room, and told to Prometheus once', async () => {
    const under = (config: string) => ({ also: { ...target('m'), dimensions: { EndpointConfigName: config } } })
    const worker = recorder(4)
    const [first, second] = ['one', 'two'].map((config) => worker.counter(target('m'), 'None', under(config)))
    const sums = async () => {
      const { facade } = cloudwatch
      const query = { statistic: 'Sum', period: 60, start: NOON, end: NOON + MINUTE }
      const found = await Promise.all(
        [target('m'), under('one').also, under('two').also].map((one) => facade.getStatistics(one, query)),
      )
      return found.map((points) => points[0]?.value)
    }
    first?.add(1)
    await worker.flush()
    expect(await sums()).toEqual([1, 1, undefined])
    // Half of what there is room for is left to others.
    first?.add(2)
    second?.add(4)
    worker.record(target('further'), 1, 'None')
    await worker.flush()
    expect(await sums()).toEqual([7, 3, undefined])
    const totals = await readTotals(cloudwatch.database)
    expect(totals.map(({ name, sum }) => [name, sum])).toEqual([
      ['further', 1],
      ['m', 7],
    ])
  })

  test('of a counter that is closed is still stored', async () => {
    const worker = recorder()
    const counter = worker.counter(target('m'), 'None')
    counter.add(3)
    counter.close()
    await worker.flush()
    // A request that was on its way when its route went.
    counter.add(1)
    await worker.stop()
    expect(await values()).toEqual([{ at: NOON, value: 4 }])
  })

  test('is told to Prometheus as what all workers have counted since ever', async () => {
    const workers = [recorder(), recorder()]
    const counters = workers.map((worker) => worker.counter(target('Invocations'), 'None'))
    const told = async () => {
      const text = await cloudwatch.facade.prometheus()
      return Number(/^slipway_endpoint_invocations_total\{[^}]*\} (\d+)$/m.exec(text)?.[1])
    }
    let last = 0
    for (let round = 1; round <= 3; round++) {
      for (const counter of counters) counter.add(1)
      for (const worker of workers) {
        await worker.flush()
        const now = await told()
        expect(now).toBeGreaterThan(last)
        last = now
      }
      cloudwatch.now += 5 * MINUTE
      await cloudwatch.compact()
    }
    expect(last).toBe(6)
  })
})
