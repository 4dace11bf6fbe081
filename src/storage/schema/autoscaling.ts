/**
 * Application Auto Scaling. A target's `revision` is raised by whatever changes its capacity, so that two workers never
 * decide from the same state. The work item `scaling-target` with the target's id follows what is under way, and
 * `scaling-schedule` runs its scheduled actions, one after the other.
 */
export interface AutoscalingTables {
  scaling_targets: ScalingTargetRow
  scaling_policies: ScalingPolicyRow
  scaling_alarms: ScalingAlarmRow
  scaling_activities: ScalingActivityRow
  scaling_schedules: ScalingScheduleRow
}

export interface ScalingTargetRow {
  /** The last part of its ARN. */
  id: string
  account: string
  region: string
  /** `endpoint/<name>/variant/<name>`; unique with account and region. */
  resource_id: string
  /** With account and region the key of the endpoint. */
  name_key: string
  endpoint_name: string
  variant_name: string
  min_capacity: number
  max_capacity: number
  /** JSON of SuspendedState with all its members. */
  suspended: string
  /** JSON of LastScaling: what a policy did last, for cooldowns; null before the first time. */
  last_scaling: string | null
  /**
   * The capacity that was last to be brought between the bounds; null when the bounds or a policy's change are newer. Where the endpoint
   * has another by now, somebody has set it.
   */
  outside_capacity: number | null
  revision: number
  created_at: number
  /** JSON object of its tags. */
  tags: string
}

export interface ScalingPolicyRow {
  /** A UUID, part of its ARN. */
  id: string
  target_id: string
  /** Unique in its target. */
  name: string
  /** StepScaling or TargetTrackingScaling. */
  type: string
  /** JSON of the configuration of its type. */
  configuration: string
  created_at: number
}

/** An alarm that a target tracking policy has in CloudWatch, from before it is made until after it is gone. */
export interface ScalingAlarmRow {
  /** With account and region the primary key. */
  name: string
  account: string
  region: string
  /** Of a policy that may be gone already: then the alarm is to go, too. */
  policy_id: string
  /** `high` or `low`. */
  side: string
}

export interface ScalingActivityRow {
  /** A UUID. */
  id: string
  account: string
  region: string
  resource_id: string
  target_id: string
  description: string
  cause: string
  /** InProgress, Successful or Failed. */
  status: string
  status_message: string | null
  to_capacity: number
  started_at: number
  ended_at: number | null
}

/** A scheduled action. One that has no run left stays until it is deleted. */
export interface ScalingScheduleRow {
  /** A UUID, part of its ARN. */
  id: string
  target_id: string
  /** Unique in its target. */
  name: string
  /** `at(…)`, `rate(…)` or `cron(…)`. */
  schedule: string
  timezone: string | null
  start_at: number | null
  end_at: number | null
  /** What it sets; one of both may be null. */
  min_capacity: number | null
  max_capacity: number | null
  /** Its next run, epoch milliseconds; null when there is none any more. Whoever runs it moves it on in the same unit. */
  next_at: number | null
  created_at: number
}
