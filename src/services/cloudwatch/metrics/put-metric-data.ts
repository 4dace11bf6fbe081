import type { PutMetricDataInput } from '../../../model/generated/cloudwatch.ts'
import { notImplemented } from '../../../wire/service-error.ts'
import type { RequestContext } from '../../operation.ts'
import type { CloudwatchDeps } from '../cloudwatch-deps.ts'
import { invalidValue, missingParameter } from '../errors.ts'
import { isPrintable, readDimensions } from './dimension-list.ts'
import type { SeriesPoint } from './point-writer.ts'
import { readDatum } from './read-datum.ts'
import { seriesOf } from './series.ts'

const MOST_DATA = 1_000

/** PutMetricData. What it takes is stored, durably, before it answers. */
export async function putMetricData(
  { writer }: CloudwatchDeps,
  input: PutMetricDataInput,
  context: RequestContext,
): Promise<undefined> {
  const { Namespace: namespace, MetricData: data } = input
  if (input.EntityMetricData !== undefined) throw notImplemented('PutMetricData with EntityMetricData')
  if (/^AWS\//i.test(namespace) || !isPrintable(namespace))
    throw invalidValue(`The value ${namespace} for parameter Namespace is invalid.`)
  if (data === undefined || data.length === 0) throw missingParameter('The parameter MetricData is required.')
  if (data.length > MOST_DATA)
    throw invalidValue(`The collection MetricData must not have a size greater than ${MOST_DATA}.`)
  const points = data.map((datum, index): SeriesPoint => {
    const parameter = `MetricData.member.${index + 1}`
    if (!isPrintable(datum.MetricName))
      throw invalidValue(`The value ${datum.MetricName} for parameter ${parameter}.MetricName is invalid.`)
    const dimensions = readDimensions(datum.Dimensions, `${parameter}.Dimensions`)
    const point = readDatum(datum, parameter, context.now)
    return { series: seriesOf(context, namespace, datum.MetricName, dimensions), point }
  })
  await writer.write(points, context.now)
  return undefined
}
