import type { MetricAggregationType } from '../../../model/generated/application-autoscaling.ts'

/** The values that an alarm went by, oldest first; none where it went by missing data, or was set by hand. */
export function alarmDatapoints(reasonData: string | undefined): readonly number[] {
  if (reasonData === undefined) return []
  try {
    const { recentDatapoints: values } = JSON.parse(reasonData) as { readonly recentDatapoints?: unknown }
    return Array.isArray(values) ? values.filter((value) => typeof value === 'number') : []
  } catch {
    // SetAlarmState lets its caller write what he likes.
    return []
  }
}

/** Undefined of no values. */
export function combined(values: readonly number[], type: MetricAggregationType): number | undefined {
  if (values.length === 0) return undefined
  if (type === 'Minimum') return Math.min(...values)
  if (type === 'Maximum') return Math.max(...values)
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
