/**
 * How values are distributed, for percentiles: a flat list `[bucket, count, bucket, count, …]`, ordered by bucket. Bucket
 * i holds the values in (G^(i-1), G^i]; zero has a bucket of its own. Any percentile is within 2.5 % of the true one.
 */
export type Histogram = readonly number[]

/** The growth from one bucket to the next. */
const GROWTH = 1.05
const PER_LOGARITHM = 1 / Math.log(GROWTH)
/** Below any bucket of a number that a double can hold. */
const ZERO_BUCKET = -20_000
/** What one interval of a series may hold; the lowest are put together beyond it. Spans a factor of 2,400. */
const MAX_BUCKETS = 160

/** The bucket of a value that is not negative. */
export const bucketOf = (value: number): number =>
  value === 0 ? ZERO_BUCKET : Math.ceil(Math.log(value) * PER_LOGARITHM)

/** The value that stands for a bucket: the one with the same distance, as a ratio, from both ends. */
const middleOf = (bucket: number): number => (bucket === ZERO_BUCKET ? 0 : (2 * GROWTH ** bucket) / (GROWTH + 1))

export function mergeHistograms(left: Histogram, right: Histogram): Histogram {
  const merged: number[] = []
  let l = 0
  let r = 0
  while (l < left.length || r < right.length) {
    const a = l < left.length ? (left[l] as number) : Number.POSITIVE_INFINITY
    const b = r < right.length ? (right[r] as number) : Number.POSITIVE_INFINITY
    const count = (a <= b ? (left[l + 1] as number) : 0) + (b <= a ? (right[r + 1] as number) : 0)
    merged.push(Math.min(a, b), count)
    if (a <= b) l += 2
    if (b <= a) r += 2
  }
  return bounded(merged)
}

/** Puts the lowest buckets together when there are too many: high percentiles are what is asked for. */
export function bounded(histogram: Histogram): Histogram {
  const excess = histogram.length / 2 - MAX_BUCKETS
  if (excess <= 0) return histogram
  let count = 0
  for (let i = 0; i <= excess; i++) count += histogram[i * 2 + 1] as number
  return [histogram[excess * 2] as number, count, ...histogram.slice((excess + 1) * 2)]
}

/** The value below or at which `percent` of the values are; within `minimum` and `maximum`. */
export function percentile(histogram: Histogram, percent: number, minimum: number, maximum: number): number {
  if (percent === 0) return minimum
  if (percent === 100) return maximum
  let total = 0
  for (let i = 1; i < histogram.length; i += 2) total += histogram[i] as number
  const rank = (percent / 100) * total
  let seen = 0
  for (let i = 0; i < histogram.length; i += 2) {
    seen += histogram[i + 1] as number
    if (seen >= rank) return Math.min(maximum, Math.max(minimum, middleOf(histogram[i] as number)))
  }
  return maximum
}
