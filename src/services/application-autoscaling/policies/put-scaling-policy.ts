import { randomUUID } from 'node:crypto'
import type {
  Alarm,
  PutScalingPolicyRequest,
  PutScalingPolicyResponse,
} from '../../../model/generated/application-autoscaling.ts'
import { formatArn } from '../../../shared/arn.ts'
import type { ScalingPolicyRow } from '../../../storage/schema/autoscaling.ts'
import { none, one, statement } from '../../../storage/statement.ts'
import { ServiceError } from '../../../wire/service-error.ts'
import type { RequestContext } from '../../operation.ts'
import type { AutoscalingDeps } from '../autoscaling-deps.ts'
import { concurrentUpdate, invalid, limitExceeded, noTarget } from '../errors.ts'
import { type Owner, policyArn, readResource } from '../scalable-resource.ts'
import { requireTarget } from '../targets/target-store.ts'
import { dropOrphanAlarms } from './orphan-alarms.ts'
import { readPolicy } from './policy-rules.ts'
import { type Side, trackingAlarm } from './tracking-alarms.ts'

/** Of one target. Source: quotas of Application Auto Scaling. */
const MOST_POLICIES = 50
const SIDES: readonly Side[] = ['high', 'low']

/**
 * Creates or replaces a policy. The names of a target tracking policy's alarms are kept before the alarms are made, so that
 * none is left over, whatever happens in between.
 */
export async function putScalingPolicy(
  deps: AutoscalingDeps,
  input: PutScalingPolicyRequest,
  { account, region, now }: RequestContext,
): Promise<PutScalingPolicyResponse> {
  const { database, cloudwatch } = deps
  const { query } = database
  const resource = readResource(input)
  const owner = { account, region }
  const target = await requireTarget(database, owner, resource.id)
  const known = await query
    .selectFrom('scaling_policies')
    .selectAll()
    .where((of) => of.and({ target_id: target.id, name: input.PolicyName }))
    .executeTakeFirst()
  const policy = readPolicy(input, known?.type)
  const id = known?.id ?? randomUUID()
  const configuration = JSON.stringify(policy.configuration)
  const alarmRows =
    policy.type === 'StepScaling' || known !== undefined
      ? []
      : SIDES.map((side) => ({ ...owner, name: alarmName(resource.id, side), policy_id: id, side }))
  await database.commit([
    statement(
      query.selectFrom('scaling_targets').select('id').where('id', '=', target.id),
      one(() => noTarget(resource.id)),
    ),
    known === undefined
      ? statement(
          query
            .insertInto('scaling_policies')
            .values({
              id,
              target_id: target.id,
              name: input.PolicyName,
              type: policy.type,
              configuration,
              created_at: now,
            })
            .onConflict((conflict) => conflict.columns(['target_id', 'name']).doNothing()),
          one(concurrentUpdate),
        )
      : statement(
          query.updateTable('scaling_policies').set({ configuration }).where('id', '=', id),
          one(concurrentUpdate),
        ),
    statement(
      query
        .selectFrom('scaling_policies')
        .select('id')
        .where('target_id', '=', target.id)
        .offset(MOST_POLICIES)
        .limit(1),
      none(() => limitExceeded('scaling policies of a scalable target', MOST_POLICIES)),
    ),
    ...(alarmRows.length === 0 ? [] : [statement(query.insertInto('scaling_alarms').values(alarmRows))]),
  ])
  const arn = policyArn(owner, id, resource.id, input.PolicyName)
  if (policy.type === 'StepScaling') return { PolicyARN: arn, Alarms: [] }
  const alarms = await query
    .selectFrom('scaling_alarms')
    .selectAll()
    .where('policy_id', '=', id)
    .orderBy('side')
    .execute()
  try {
    for (const { name, side } of alarms)
      await cloudwatch.putAlarm(
        owner,
        trackingAlarm(policy.configuration, target, side as Side, {
          ...{ name, action: arn },
          periodSeconds: deps.alarmSeconds,
        }),
      )
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    await takeBack(deps, id, known)
    throw error.code === 'LimitExceeded' ? limitExceeded('alarms', 5_000) : invalid(error.message)
  }
  return { PolicyARN: arn, Alarms: alarms.map(({ name }) => alarmView(owner, name)) }
}

/** A policy whose alarms are refused is none: what there was before is there again. */
async function takeBack(deps: AutoscalingDeps, id: string, known: ScalingPolicyRow | undefined): Promise<void> {
  const { query } = deps.database
  await deps.database.commit([
    known === undefined
      ? statement(query.deleteFrom('scaling_policies').where('id', '=', id))
      : statement(
          query.updateTable('scaling_policies').set({ configuration: known.configuration }).where('id', '=', id),
        ),
  ])
  await dropOrphanAlarms(deps)
}

const alarmName = (resource: string, side: Side): string =>
  `TargetTracking-${resource}-Alarm${side === 'high' ? 'High' : 'Low'}-${randomUUID()}`

export const alarmView = ({ account, region }: Owner, name: string): Alarm => ({
  AlarmName: name,
  AlarmARN: formatArn({ service: 'cloudwatch', region, account, resource: `alarm:${name}` }),
})
