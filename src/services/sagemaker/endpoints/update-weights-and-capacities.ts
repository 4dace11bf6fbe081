import type {
  DesiredWeightAndCapacity,
  UpdateEndpointWeightsAndCapacitiesInput,
  UpdateEndpointWeightsAndCapacitiesOutput,
} from '../../../model/generated/sagemaker.ts'
import type { Statement } from '../../../storage/database.ts'
import type { EndpointDeploymentRow, EndpointVariantRow } from '../../../storage/schema/endpoints.ts'
import { statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { LARGEST_FLOAT } from '../endpoint-configs/variant-rules.ts'
import type { PreviousCapacity } from '../hosting/deployment-stages.ts'
import { ENDPOINT_WORK, ENDPOINTS_TOPIC, formatEndpointKey } from '../hosting/endpoint-state.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { DEFAULT_POLICY } from './deployment-policy.ts'
import { endpointArn, endpointKey } from './endpoint-key.ts'
import type { EndpointSpec } from './endpoint-spec.ts'
import { findVariants, markUpdating, requireEndpoint } from './endpoint-store.ts'
import {
  badWeight,
  endpointInProgress,
  missingVariant,
  noInstancesWanted,
  notServerless,
  notUpdatable,
  repeatedVariant,
} from './errors.ts'
import { checkQuota } from './new-fleet.ts'
import { testNotifications } from './test-notifications.ts'

/** Says what weights and how many instances the variants are to have; a controller brings it about. */
export const updateEndpointWeightsAndCapacities = (
  deps: SagemakerDeps,
  input: UpdateEndpointWeightsAndCapacitiesInput,
  context: RequestContext,
): Promise<UpdateEndpointWeightsAndCapacitiesOutput> =>
  changeCapacities(deps, input, context, (spec) => testNotifications(deps, spec))

/** The same for whoever is no caller. What `also` makes is committed in the same unit of work. */
export async function changeCapacities(
  deps: Pick<SagemakerDeps, 'database' | 'changeFeed' | 'workQueue' | 'endpointInstanceQuota'>,
  input: UpdateEndpointWeightsAndCapacitiesInput,
  context: Pick<RequestContext, 'account' | 'region' | 'now'>,
  also: (spec: EndpointSpec) => Promise<readonly Statement[]>,
): Promise<UpdateEndpointWeightsAndCapacitiesOutput> {
  const { database } = deps
  const row = await requireEndpoint(database, context, input.EndpointName)
  const key = endpointKey(context, row.name)
  const arn = endpointArn(context, row.name)
  if (row.status === 'Failed' || row.status === 'UpdateRollbackFailed') throw notUpdatable(arn, row.status)
  if (row.status !== 'InService') throw endpointInProgress(arn)
  const present = (await findVariants(database, key)).filter(({ fleet }) => fleet === row.fleet)
  const spec = JSON.parse(row.spec) as EndpointSpec
  const least = spec.asyncInferenceConfig === undefined ? 1 : 0
  const changes = changesOf(input.DesiredWeightsAndCapacities, present, least, arn)
  const others = await also(spec)
  const delta = new Map<string, number>()
  for (const { variant, instances } of changes)
    delta.set(
      variant.instance_type,
      (delta.get(variant.instance_type) ?? 0) + instances - variant.desired_instance_count,
    )
  await checkQuota(deps, delta, context)
  const previous = present.map(
    (variant): PreviousCapacity => ({
      variant: variant.variant_name,
      instances: variant.desired_instance_count,
      weight: variant.desired_weight,
    }),
  )
  const deployment: EndpointDeploymentRow = {
    ...key,
    fleet: row.fleet,
    kind: 'capacity',
    config_name: null,
    spec: null,
    policy: JSON.stringify(DEFAULT_POLICY),
    previous: JSON.stringify(previous),
    phase: 'Launching',
    step: 1,
    turned_step: null,
    reason: null,
    phase_at: context.now,
    started_at: context.now,
  }
  await database.commit([
    markUpdating(database, row, { modified_at: context.now }, () => endpointInProgress(arn)),
    ...changes.map(({ variant, instances, weight }) =>
      statement(
        database.query
          .updateTable('endpoint_variants')
          .set({ desired_instance_count: instances, desired_weight: weight })
          .where((of) => of.and({ ...key }))
          .where('fleet', '=', row.fleet)
          .where('variant_name', '=', variant.variant_name),
      ),
    ),
    statement(database.query.insertInto('endpoint_deployments').values(deployment)),
    ...others,
    deps.workQueue.enqueue(ENDPOINT_WORK, formatEndpointKey(key)),
    deps.changeFeed.announce({ topic: ENDPOINTS_TOPIC, key: formatEndpointKey(key) }),
  ])
  return { EndpointArn: arn }
}

interface Change {
  readonly variant: EndpointVariantRow
  readonly instances: number
  readonly weight: number
}

/** What is wanted of each variant that is named; what is not said of it stays. */
function changesOf(
  wanted: readonly DesiredWeightAndCapacity[],
  present: readonly EndpointVariantRow[],
  least: 0 | 1,
  arn: string,
): readonly Change[] {
  const seen = new Set<string>()
  return wanted.map((change, index) => {
    const { VariantName: name, DesiredWeight: weight, DesiredInstanceCount: instances } = change
    if (seen.has(name)) throw repeatedVariant(name)
    seen.add(name)
    const variant = present.find(({ variant_name }) => variant_name === name)
    if (variant === undefined) throw missingVariant(name, arn)
    if (change.ServerlessUpdateConfig !== undefined) throw notServerless(name)
    if (instances !== undefined && instances < least) throw noInstancesWanted(index)
    if (weight !== undefined && !(weight >= 0 && weight <= LARGEST_FLOAT)) throw badWeight(index, weight)
    return {
      variant,
      instances: instances ?? variant.desired_instance_count,
      weight: weight ?? variant.desired_weight,
    }
  })
}
