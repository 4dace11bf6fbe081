export interface CloudwatchTables {
  cloudwatch_series: MetricSeriesRow
  cloudwatch_points: MetricPointRow
  cloudwatch_blocks: MetricBlockRow
  cloudwatch_totals: MetricTotalRow
  cloudwatch_alarms: AlarmRow
  cloudwatch_alarm_history: AlarmHistoryRow
  cloudwatch_alarm_actions: AlarmActionRow
}

/** A metric: a namespace, a name and dimensions of one account in one region. */
export interface MetricSeriesRow {
  /** A hash of all that names the series, so that a writer needs no look-up. */
  id: string
  account: string
  region: string
  namespace: string
  name: string
  /** JSON `[[name, value], …]`, ordered by name. */
  dimensions: string
  /** When something was last written, give or take some minutes. */
  last_at: number
}

/** What one batch of a writer has added to one series. Never changed; merged into a block some minutes later. */
export interface MetricPointRow {
  series_id: string
  /** Where its interval begins. */
  at: number
  /** Names the batch, so that one whose outcome is unknown can be repeated without counting twice. */
  batch: string
  /** Length of the interval in seconds. */
  width: number
  unit: string
  sample_count: number
  total: number
  minimum: number
  maximum: number
  /** JSON; null when percentiles cannot be told. */
  histogram: string | null
  stored_at: number
}

/** All points of a series in an hour. */
export interface MetricBlockRow {
  series_id: string
  /** Where the hour begins. */
  hour: number
  /** Grows with every change. */
  version: number
  /** 1 while it holds intervals below a minute. */
  fine: number
  /** See metrics/block-codec.ts. */
  data: Uint8Array
}

/** What has been counted since ever, for Prometheus. */
export interface MetricTotalRow {
  series_id: string
  sample_count: number
  total: number
  last_value: number
  last_at: number
}

export interface AlarmRow {
  /** Made anew whenever an alarm of this name is created. */
  id: string
  account: string
  region: string
  name: string
  /** Grows with every change of settings or state; what a change is guarded by. */
  revision: number
  /** JSON: what PutMetricAlarm was given. */
  settings: string
  /** The alarm's metric; null for an alarm on an expression. */
  namespace: string | null
  metric_name: string | null
  dimensions: string | null
  actions_enabled: number
  state: string
  state_reason: string
  state_reason_data: string | null
  state_updated_at: number
  state_transitioned_at: number
  configured_at: number
  /** JSON object. */
  tags: string
}

export interface AlarmHistoryRow {
  /** Grows with time. */
  id: string
  account: string
  region: string
  alarm_name: string
  at: number
  type: string
  summary: string
  data: string
}

/** An action that is still to be taken. */
export interface AlarmActionRow {
  id: string
  account: string
  region: string
  alarm_name: string
  /** The action's ARN. */
  action: string
  /** JSON: the change of state. */
  event: string
  created_at: number
}
