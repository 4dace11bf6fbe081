import { randomUUID } from 'node:crypto'
import type {
  Alarm,
  PutScalingPolicyRequest,
  PutScalingPolicyResponse,
} from '../../../model/generated/application-autoscaling.ts'
import { formatArn } from '../../../shared/arn.ts'
import type { Statement } from '../../../storage/database.ts'
import { none, one, statement } from '../../../storage/statement.ts'
import { ServiceError } from '../../../wire/service-error.ts'
import type { RequestContext } from '../../operation.ts'
import type { AutoscalingDeps } from '../autoscaling-deps.ts'
import { concurrentUpdate, invalid, limitExceeded, noTarget, noVariant, variantLeaves } from '../errors.ts'
import { type Owner, policyArn, readResource } from '../scalable-resource.ts'
import { requireTarget } from '../targets/target-store.ts'
import { readPolicy } from './policy-rules.ts'
import { type Side, trackingAlarm } from './tracking-alarms.ts'

/** Of one target. Source: quotas of Application Auto Scaling. */
const MOST_POLICIES = 50
const SIDES: readonly Side[] = ['high', 'low']

/** Creates or replaces a policy, with the alarms of target tracking in the same unit of work: none is without the other. */
export async function putScalingPolicy(
  deps: AutoscalingDeps,
  input: PutScalingPolicyRequest,
  { account, region, now }: RequestContext,
): Promise<PutScalingPolicyResponse> {
  const { database, cloudwatch, sagemaker } = deps
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
  const arn = policyArn(owner, id, resource.id, input.PolicyName)
  const names = known === undefined ? new Map<string, string>() : await alarmNames(deps, id)
  const alarms: { readonly name: string; readonly side: Side }[] = []
  const writes: Statement[] = []
  if (policy.type === 'TargetTrackingScaling')
    for (const side of SIDES) {
      const name = names.get(side) ?? alarmName(resource.id, side)
      const settings = { name, action: arn, periodSeconds: deps.alarmSeconds }
      const alarm = trackingAlarm(policy.configuration, target, side, settings)
      alarms.push({ name, side })
      writes.push(...(await refusedAsOurs(cloudwatch.alarmWrites(owner, alarm, concurrentUpdate))))
    }
  const fresh = alarms.filter(({ side }) => !names.has(side)).map((alarm) => ({ ...owner, ...alarm, policy_id: id }))
  const configuration = JSON.stringify(policy.configuration)
  const values = { id, target_id: target.id, name: input.PolicyName, type: policy.type, configuration, created_at: now }
  const change = database.commit([
    statement(
      query.selectFrom('scaling_targets').select('id').where('id', '=', target.id),
      one(() => noTarget(resource.id)),
    ),
    sagemaker.variantStillThere(owner, resource.endpoint, resource.variant, () => noVariant(resource.id)),
    sagemaker.variantStays(owner, resource.endpoint, resource.variant, () => variantLeaves(resource.id)),
    known === undefined
      ? statement(
          query
            .insertInto('scaling_policies')
            .values(values)
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
    ...(fresh.length === 0 ? [] : [statement(query.insertInto('scaling_alarms').values(fresh))]),
    ...writes,
  ])
  await refusedAsOurs(change)
  return { PolicyARN: arn, Alarms: alarms.map(({ name }) => alarmView(owner, name)) }
}

/** What CloudWatch refuses is said with the codes of this service. */
async function refusedAsOurs<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    if (error.code === 'LimitExceeded') throw limitExceeded('alarms', 5_000)
    throw /^(Validation|Invalid|Missing)/.test(error.code) ? invalid(error.message) : error
  }
}

/** The names of the alarms that a policy has, by side. */
async function alarmNames({ database }: AutoscalingDeps, policy: string): Promise<ReadonlyMap<string, string>> {
  const rows = await database.query
    .selectFrom('scaling_alarms')
    .select(['side', 'name'])
    .where('policy_id', '=', policy)
    .execute()
  return new Map(rows.map(({ side, name }) => [side, name]))
}

const alarmName = (resource: string, side: Side): string =>
  `TargetTracking-${resource}-Alarm${side === 'high' ? 'High' : 'Low'}-${randomUUID()}`

export const alarmView = ({ account, region }: Owner, name: string): Alarm => ({
  AlarmName: name,
  AlarmARN: formatArn({ service: 'cloudwatch', region, account, resource: `alarm:${name}` }),
})
