import type { Clock } from '../../../shared/clock.ts'
import type { Logger } from '../../../telemetry/log.ts'
import { ServiceError } from '../../../wire/service-error.ts'
import type { CloudwatchSettings } from '../cloudwatch-deps.ts'
import type { CounterOptions, MetricCounter, MetricTarget, StatisticSet } from '../facade.ts'
import { type Aggregate, merge, ofStatisticSet, ofValue, startOf } from './aggregate.ts'
import { Counter } from './counter.ts'
import { newBatch, type PointWriter, type SeriesPoint } from './point-writer.ts'
import { type Series, seriesOfTarget } from './series.ts'

export interface RecorderDeps {
  readonly writer: PointWriter
  readonly clock: Clock
  readonly log: Logger
  readonly settings: Pick<CloudwatchSettings, 'flushSeconds' | 'resolutionSeconds'>
}

/** What waits to be stored while storage is away; the oldest goes beyond it. */
const MOST_WAITING = 200_000
const COMPLAINT_MILLISECONDS = 60_000

interface Batch {
  readonly id: string
  readonly points: readonly SeriesPoint[]
  /** What others tell as well: no metric of the account has to make room for it, and Prometheus does without. */
  readonly spare: boolean
}

/**
 * What the server itself observes, held in memory and stored every few seconds in one unit of work for each account and
 * region. A worker that is killed loses what it has not stored yet.
 */
export class Recorder {
  readonly #deps: RecorderDeps
  readonly #counters = new Set<Counter>()
  readonly #recorded = new Map<string, SeriesPoint>()
  /** The same again, of counters that are stored under another metric too. */
  readonly #spare = new Map<string, SeriesPoint>()
  readonly #seriesOf = new WeakMap<MetricTarget, Series>()
  #waiting: Batch[] = []
  #drainedAt: number
  #timer: NodeJS.Timeout | undefined
  #flushing: Promise<void> | undefined
  #stopped = false
  #complainedAt = Number.NEGATIVE_INFINITY

  constructor(deps: RecorderDeps) {
    this.#deps = deps
    this.#drainedAt = deps.clock.now()
  }

  record(target: MetricTarget, value: number | StatisticSet, unit: string, time = this.#deps.clock.now()): void {
    const aggregate = typeof value === 'number' ? ofValue(value, 1) : ofStatisticSet(value)
    this.#add(this.#recorded, this.#series(target), startOf(time, this.#width), unit, aggregate)
  }

  counter(target: MetricTarget, unit: string, options: CounterOptions = {}): MetricCounter {
    const { percentiles = false, also } = options
    const counter = new Counter(this.#series(target), unit, percentiles, also && this.#series(also))
    this.#counters.add(counter)
    return counter
  }

  start(): void {
    this.#schedule()
  }

  /** Stores what is left. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.flush()
  }

  /** Stores what has been recorded so far. Never rejects: what cannot be stored waits for the next flush. */
  async flush(): Promise<void> {
    this.#drain()
    // What was drained while another flush was under way goes with one of its own.
    while (this.#flushing !== undefined) await this.#flushing
    if (this.#waiting.length === 0) return
    this.#flushing = this.#store().finally(() => {
      this.#flushing = undefined
    })
    await this.#flushing
  }

  get #width(): number {
    return this.#deps.settings.resolutionSeconds
  }

  #series(target: MetricTarget): Series {
    let series = this.#seriesOf.get(target)
    if (series === undefined) {
      series = seriesOfTarget(target)
      this.#seriesOf.set(target, series)
    }
    return series
  }

  /** At the latest where an interval ends, so that what has been counted since belongs to one. */
  #schedule(): void {
    if (this.#stopped) return
    const now = this.#deps.clock.now()
    const end = startOf(now, this.#width) + this.#width * 1000
    const delay = Math.min(this.#deps.settings.flushSeconds * 1000, Math.max(1, end - now))
    this.#timer = setTimeout(() => {
      void this.flush().finally(() => this.#schedule())
    }, delay)
    this.#timer.unref()
  }

  #add(to: Map<string, SeriesPoint>, series: Series, at: number, unit: string, aggregate: Aggregate): void {
    const key = `${series.id} ${at} ${unit}`
    const known = to.get(key)?.point.aggregate
    const point = { at, width: this.#width, unit, aggregate: known === undefined ? aggregate : merge(known, aggregate) }
    to.set(key, { series, point })
  }

  /** Takes what counters hold for the interval in which they were drained last, and makes batches of all there is. */
  #drain(): void {
    const at = startOf(this.#drainedAt, this.#width)
    this.#drainedAt = this.#deps.clock.now()
    for (const counter of this.#counters) {
      const aggregate = counter.drain()
      if (aggregate !== undefined) {
        this.#add(this.#recorded, counter.series, at, counter.unit, aggregate)
        if (counter.also !== undefined) this.#add(this.#spare, counter.also, at, counter.unit, aggregate)
      } else if (counter.closed) this.#counters.delete(counter)
    }
    for (const recorded of [this.#recorded, this.#spare]) {
      const byOwner = Map.groupBy(recorded.values(), ({ series }) => `${series.account} ${series.region}`)
      recorded.clear()
      for (const points of byOwner.values())
        this.#waiting.push({ id: newBatch(), points, spare: recorded === this.#spare })
    }
  }

  async #store(): Promise<void> {
    const batches = this.#waiting
    this.#waiting = []
    for (const [index, batch] of batches.entries()) {
      try {
        await this.#write(batch)
      } catch (err) {
        this.#complain(err)
        this.#waiting = this.#bounded([...batches.slice(index), ...this.#waiting])
        return
      }
    }
  }

  /** When there are too many metrics, what belongs to new ones is dropped. */
  async #write({ id, points, spare }: Batch): Promise<void> {
    const { writer, clock } = this.#deps
    const write = (some: readonly SeriesPoint[]) =>
      writer.write(some, clock.now(), { batch: id, whose: spare ? 'spare' : 'server' })
    try {
      await write(points)
    } catch (err) {
      if (!(err instanceof ServiceError)) throw err
      // Spare metrics are expected to give way.
      if (!spare) this.#complain(err)
      await write(points.filter(({ series }) => writer.knows(series)))
    }
  }

  #bounded(batches: readonly Batch[]): Batch[] {
    let room = MOST_WAITING
    const kept: Batch[] = []
    for (const batch of batches.toReversed()) {
      room -= batch.points.length
      if (room < 0) break
      kept.unshift(batch)
    }
    return kept
  }

  #complain(err: unknown): void {
    if (performance.now() - this.#complainedAt < COMPLAINT_MILLISECONDS) return
    this.#complainedAt = performance.now()
    this.#deps.log.warn({ err }, 'metrics could not be stored')
  }
}
