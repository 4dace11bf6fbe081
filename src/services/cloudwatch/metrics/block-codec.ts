import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { type Aggregate, merge, type Point, startOf } from './aggregate.ts'
import type { Histogram } from './histogram.ts'

/** Seconds in a block. */
export const BLOCK_SECONDS = 3600

/** `[seconds into the hour, width, unit, count, sum, minimum, maximum, histogram]` */
type Entry = readonly [number, number, string, number, number, number, number, Histogram | null]

/** No block of an hour's worth of seconds comes near this. */
const LONGEST_BLOCK = 64 * 1024 * 1024

/** Packs the points of an hour: compressed JSON, a few dozen bytes a minute. */
export function packBlock(hour: number, points: readonly Point[]): Uint8Array {
  const entries = points.map(({ at, width, unit, aggregate }): Entry => {
    const { count, sum, minimum, maximum, histogram } = aggregate
    return [(at - hour) / 1000, width, unit, count, sum, minimum, maximum, histogram ?? null]
  })
  return deflateRawSync(JSON.stringify(entries))
}

export function unpackBlock(hour: number, data: Uint8Array): Point[] {
  const text = inflateRawSync(data, { maxOutputLength: LONGEST_BLOCK }).toString('utf8')
  return (JSON.parse(text) as Entry[]).map(([offset, width, unit, count, sum, minimum, maximum, histogram]) => ({
    at: hour + offset * 1000,
    width,
    unit,
    aggregate: { count, sum, minimum, maximum, histogram: histogram ?? undefined },
  }))
}

/**
 * Brings points together that are about the same interval, oldest first. What is shorter than `leastSeconds` becomes
 * part of an interval of that width.
 */
export function mergePoints(points: Iterable<Point>, leastSeconds: number): Point[] {
  const merged = new Map<string, Point>()
  for (const { at, width, unit, aggregate } of points) {
    const wider = Math.max(width, leastSeconds)
    const start = startOf(at, wider)
    const key = `${start} ${wider} ${unit}`
    const known: Aggregate | undefined = merged.get(key)?.aggregate
    const both = known === undefined ? aggregate : merge(known, aggregate)
    merged.set(key, { at: start, width: wider, unit, aggregate: both })
  }
  return [...merged.values()].sort((a, b) => a.at - b.at)
}
