import type { MetricDatum } from '../../../model/generated/cloudwatch.ts'
import { invalidCombination, invalidValue, missingParameter } from '../errors.ts'
import { type Aggregate, merge, ofStatisticSet, ofValue, type Point, startOf } from './aggregate.ts'

const TWO_WEEKS = 14 * 24 * 60 * 60_000
const TWO_HOURS = 2 * 60 * 60_000
const MOST_VALUES = 150
/** Values are smaller than this, either way. Source: PutMetricData. */
const LARGEST = 2 ** 360

/**
 * What a datum of PutMetricData says, as a point of a minute or, with a storage resolution of 1, of a second. `parameter`
 * is where it stands in the request.
 * @throws InvalidParameterValue, InvalidParameterCombination, MissingParameter
 */
export function readDatum(datum: MetricDatum, parameter: string, now: number): Point {
  const { Timestamp: time = now, StorageResolution: width = 60, Unit: unit = 'None' } = datum
  if (width !== 1 && width !== 60)
    throw invalidValue(`The value ${width} for parameter ${parameter}.StorageResolution is invalid.`)
  if (time < now - TWO_WEEKS)
    throw invalidValue(`The parameter ${parameter}.Timestamp must specify a time no more than two weeks in the past.`)
  if (time > now + TWO_HOURS)
    throw invalidValue(`The parameter ${parameter}.Timestamp must specify a time no more than two hours in the future.`)
  return { at: startOf(time, width), width, unit, aggregate: readValues(datum, parameter) }
}

function readValues(datum: MetricDatum, parameter: string): Aggregate {
  const given = (['Value', 'StatisticValues', 'Values'] as const).filter((name) => datum[name] !== undefined)
  const [first, second] = given
  if (first === undefined)
    throw missingParameter(
      `At least one of the parameters ${parameter}.Value, ${parameter}.Values or ${parameter}.StatisticValues must be specified.`,
    )
  if (second !== undefined)
    throw invalidCombination(
      `The parameters ${parameter}.${first} and ${parameter}.${second} are mutually exclusive and you have specified both.`,
    )
  if (datum.Counts !== undefined && first !== 'Values')
    throw invalidCombination(`The parameter ${parameter}.Counts goes with ${parameter}.Values alone.`)
  if (datum.Value !== undefined) return ofValue(within(datum.Value, `${parameter}.Value`), 1)
  if (datum.StatisticValues !== undefined)
    return readStatisticSet(datum.StatisticValues, `${parameter}.StatisticValues`)
  return readDistribution(datum.Values ?? [], datum.Counts, parameter)
}

function readStatisticSet(set: NonNullable<MetricDatum['StatisticValues']>, parameter: string): Aggregate {
  const count = within(set.SampleCount, `${parameter}.SampleCount`)
  const sum = within(set.Sum, `${parameter}.Sum`)
  const minimum = within(set.Minimum, `${parameter}.Minimum`)
  const maximum = within(set.Maximum, `${parameter}.Maximum`)
  if (count <= 0) throw invalidValue(`The value ${count} for parameter ${parameter}.SampleCount is invalid.`)
  if (minimum > maximum)
    throw invalidValue(`The parameter ${parameter}.Maximum must be greater than or equal to ${parameter}.Minimum.`)
  return ofStatisticSet({ count, sum, minimum, maximum })
}

function readDistribution(
  values: readonly number[],
  counts: readonly number[] | undefined,
  parameter: string,
): Aggregate {
  if (values.length === 0) throw missingParameter(`The parameter ${parameter}.Values is required.`)
  if (values.length > MOST_VALUES)
    throw invalidValue(`The collection ${parameter}.Values must not have a size greater than ${MOST_VALUES}.`)
  if (counts !== undefined && counts.length !== values.length)
    throw invalidValue(`The parameters ${parameter}.Values and ${parameter}.Counts must have the same size.`)
  return values
    .map((value, index) => {
      const at = `member.${index + 1}`
      const count = within(counts?.[index] ?? 1, `${parameter}.Counts.${at}`)
      if (count <= 0) throw invalidValue(`The value ${count} for parameter ${parameter}.Counts.${at} is invalid.`)
      return ofValue(within(value, `${parameter}.Values.${at}`), count)
    })
    .reduce(merge)
}

function within(value: number, parameter: string): number {
  if (!(Math.abs(value) <= LARGEST)) throw invalidValue(`The value ${value} for parameter ${parameter} is invalid.`)
  return value
}
