import type {
  RegisterScalableTargetRequest,
  RegisterScalableTargetResponse,
} from '../../../model/generated/application-autoscaling.ts'
import { randomText } from '../../../shared/ids.ts'
import type { ScalingTargetRow } from '../../../storage/schema/autoscaling.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { type AutoscalingDeps, TARGET_WORK } from '../autoscaling-deps.ts'
import { concurrentUpdate, invalid, noVariant, taggedAlready } from '../errors.ts'
import { readResource, targetArn } from '../scalable-resource.ts'
import { addTags } from '../tags/target-tags.ts'
import { findTarget, suspendedOf } from './target-store.ts'

const ROLE = /^arn:aws:iam::\d{12}:role\/[\x21-\x7e]+$/

const NOT_SUSPENDED = {
  DynamicScalingInSuspended: false,
  DynamicScalingOutSuspended: false,
  ScheduledScalingSuspended: false,
}

/**
 * Makes a variant scalable, or changes its bounds; what is not sent of a target that is there stays, and so do its tags. A capacity outside the
 * bounds is brought between them once the endpoint is at rest.
 */
export async function registerScalableTarget(
  { database, queue, sagemaker }: AutoscalingDeps,
  input: RegisterScalableTargetRequest,
  { account, region, now }: RequestContext,
): Promise<RegisterScalableTargetResponse> {
  const resource = readResource(input)
  const role = input.RoleARN
  if (role !== undefined && !ROLE.test(role)) throw invalid(`RoleARN is not the ARN of a role: ${role.slice(0, 256)}`)
  const owner = { account, region }
  const capacity = await sagemaker.findCapacity(owner, resource.endpoint, resource.variant)
  if (capacity === undefined) throw noVariant(resource.id)
  const known = await findTarget(database, owner, resource.id)
  const min = input.MinCapacity ?? known?.min_capacity
  const max = input.MaxCapacity ?? known?.max_capacity
  if (min === undefined || max === undefined)
    throw invalid('MinCapacity and MaxCapacity are required to register a new scalable target')
  if (min < capacity.leastInstances)
    throw invalid(`Minimum capacity ${min} must be at least ${capacity.leastInstances} for ${resource.id}`)
  if (max < min) throw invalid(`Maximum capacity ${max} cannot be less than minimum capacity ${min}`)
  const id = known?.id ?? randomText(32)
  const { Tags: tags = {} } = input
  if (known !== undefined && Object.keys(tags).length > 0) throw taggedAlready()
  const values = {
    min_capacity: min,
    max_capacity: max,
    outside_capacity: null,
    suspended: JSON.stringify({ ...NOT_SUSPENDED, ...(known && suspendedOf(known)), ...input.SuspendedState }),
  }
  const fresh: ScalingTargetRow = {
    ...{ id, account, region, resource_id: resource.id, ...values },
    name_key: resource.endpoint.toLowerCase(),
    endpoint_name: resource.endpoint,
    variant_name: resource.variant,
    tags: JSON.stringify(addTags(targetArn(owner, id), {}, tags)),
    last_scaling: null,
    revision: 1,
    created_at: now,
  }
  const { query } = database
  await database.commit([
    sagemaker.variantStillThere(owner, resource.endpoint, resource.variant, () => noVariant(resource.id)),
    known === undefined
      ? statement(
          query
            .insertInto('scaling_targets')
            .values(fresh)
            .onConflict((conflict) => conflict.columns(['account', 'region', 'resource_id']).doNothing()),
          one(concurrentUpdate),
        )
      : statement(
          query
            .updateTable('scaling_targets')
            .set({ ...values, revision: known.revision + 1 })
            .where('id', '=', id)
            .where('revision', '=', known.revision),
          one(concurrentUpdate),
        ),
    queue.enqueue(TARGET_WORK, id),
  ])
  return { ScalableTargetARN: targetArn(owner, id) }
}
