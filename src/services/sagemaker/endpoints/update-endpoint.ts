import type {
  DeploymentConfig,
  UpdateEndpointInput,
  UpdateEndpointOutput,
  VariantPropertyType,
} from '../../../model/generated/sagemaker.ts'
import { formatArn } from '../../../shared/arn.ts'
import type { Database, Statement } from '../../../storage/database.ts'
import type { EndpointDeploymentRow, EndpointRow, EndpointVariantRow } from '../../../storage/schema/endpoints.ts'
import { statement } from '../../../storage/statement.ts'
import { nobodyScales } from '../../application-autoscaling/facade.ts'
import type { RequestContext } from '../../operation.ts'
import { configStillThere, requireConfig } from '../endpoint-configs/endpoint-config-store.ts'
import type { InstanceVariant } from '../endpoint-configs/variant-rules.ts'
import { deploymentStages, waitingSeconds } from '../hosting/deployment-stages.ts'
import { ENDPOINT_WORK, ENDPOINTS_TOPIC, formatEndpointKey } from '../hosting/endpoint-state.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { checkTimeout, DEFAULT_POLICY, type DeploymentPolicy, deploymentPolicy } from './deployment-policy.ts'
import { endpointArn, endpointKey } from './endpoint-key.ts'
import type { EndpointSpec } from './endpoint-spec.ts'
import { findVariants, markUpdating, requireEndpoint } from './endpoint-store.ts'
import { endpointInProgress, notUpdatable, otherKind, retainedAndGiven, variantIsScaled } from './errors.ts'
import { type NewFleet, newFleet } from './new-fleet.ts'
import { testNotifications } from './test-notifications.ts'

/**
 * Says that another fleet is to take the place of the one that serves, and how; a controller brings it about. The config
 * may be the one that serves already: its models and images are looked up anew.
 */
export async function updateEndpoint(
  deps: SagemakerDeps,
  input: UpdateEndpointInput,
  context: RequestContext,
): Promise<UpdateEndpointOutput> {
  const { database } = deps
  const row = await requireEndpoint(database, context, input.EndpointName)
  const key = endpointKey(context, row.name)
  const arn = endpointArn(context, row.name)
  checkUpdatable(row, arn)
  const given = deploymentConfig(input, row)
  // AWS misses the config of the running fleet as well. Source: UpdateEndpoint (API reference).
  await requireConfig(database, context, row.config_name)
  const config = await requireConfig(database, context, input.EndpointConfigName)
  const present = await findVariants(database, key)
  const fleet = await newFleet(
    deps,
    config,
    context,
    retaining(
      input,
      present.filter((one) => one.fleet === row.fleet),
    ),
  )
  const spec = JSON.parse(fleet.spec) as EndpointSpec
  requireSameKind(row, spec)
  const notifications = await testNotifications(deps, spec)
  const number = row.generation + 1
  const policy = policyFor(given, fleet, present, number)
  await requireAlarmAccess(deps, fleet, policy.alarms, context)
  const deployment: EndpointDeploymentRow = {
    ...key,
    fleet: number,
    kind: 'fleet',
    config_name: config.name,
    spec: fleet.spec,
    policy: JSON.stringify(policy),
    previous: null,
    phase: 'Launching',
    step: 1,
    turned_step: null,
    reason: null,
    phase_at: context.now,
    started_at: context.now,
  }
  const values = {
    modified_at: context.now,
    ...(given !== undefined && { deployment_config: JSON.stringify(given) }),
  }
  await database.commit([
    configStillThere(database, config),
    markUpdating(database, row, values, () => endpointInProgress(arn)),
    ...keepScaledVariants(database, row, spec),
    statement(database.query.insertInto('endpoint_variants').values([...fleet.variants(key, number, 0)])),
    statement(database.query.insertInto('endpoint_deployments').values(deployment)),
    ...notifications,
    deps.workQueue.enqueue(ENDPOINT_WORK, formatEndpointKey(key)),
    deps.changeFeed.announce({ topic: ENDPOINTS_TOPIC, key: formatEndpointKey(key) }),
  ])
  return { EndpointArn: arn }
}

const UPDATABLE: ReadonlySet<string> = new Set(['InService', 'OutOfService', 'UpdateRollbackFailed'])

/** A failed endpoint serves nothing that could be updated: it can only be deleted. */
function checkUpdatable({ status }: EndpointRow, arn: string): void {
  if (UPDATABLE.has(status)) return
  throw status === 'Failed' ? notUpdatable(arn, status) : endpointInProgress(arn)
}

/** Requests that wait would be lost with their queue, and callers of the one kind are refused by the other. */
function requireSameKind(row: EndpointRow, { asyncInferenceConfig }: EndpointSpec): void {
  const present = (JSON.parse(row.spec) as EndpointSpec).asyncInferenceConfig
  if ((present === undefined) !== (asyncInferenceConfig === undefined)) throw otherKind(row.name)
}

/** A variant that a policy scales stays, with its type. Source: endpoint-auto-scaling-prerequisites in the developer guide. */
function keepScaledVariants(database: Database, row: EndpointRow, next: EndpointSpec): readonly Statement[] {
  const kept = new Map(next.variants.map(({ name, instanceType }) => [name, instanceType]))
  return (JSON.parse(row.spec) as EndpointSpec).variants
    .filter(({ name, instanceType }) => kept.get(name) !== instanceType)
    .map(({ name }) => nobodyScales(database, row, name, () => variantIsScaled(name)))
}

/** The DeploymentConfig to go by: the one given, or the last one again. */
function deploymentConfig(
  { DeploymentConfig: given, RetainDeploymentConfig: retain }: UpdateEndpointInput,
  row: EndpointRow,
): DeploymentConfig | undefined {
  if (given !== undefined && retain === true) throw retainedAndGiven()
  const last = row.deployment_config === null ? undefined : (JSON.parse(row.deployment_config) as DeploymentConfig)
  return retain === true ? last : given
}

/**
 * Sees that the execution roles may ask for the alarms of the update, as AWS demands: deployment-guardrails-configuration in
 * the developer guide.
 */
async function requireAlarmAccess(
  { iam, authorizer }: SagemakerDeps,
  { spec }: NewFleet,
  alarms: readonly string[],
  { account, region }: RequestContext,
): Promise<void> {
  if (alarms.length === 0) return
  const { variants } = JSON.parse(spec) as EndpointSpec
  for (const role of new Set(variants.flatMap(({ executionRoleArn }) => executionRoleArn ?? []))) {
    const principal = await iam.assumeRoleForService(role, 'sagemaker.amazonaws.com', 'SageMaker')
    // One that cannot be assumed fails the launch, which says so.
    if (principal === undefined) continue
    for (const name of alarms) {
      const resource = formatArn({ service: 'cloudwatch', region, account, resource: `alarm:${name}` })
      await authorizer.require({ principal, action: 'cloudwatch:DescribeAlarms', resource })
    }
  }
}

/** Keeps what the variants of the same name have now, as far as the request says so. */
function retaining(
  { RetainAllVariantProperties: retain, ExcludeRetainedVariantProperties: excluded = [] }: UpdateEndpointInput,
  present: readonly EndpointVariantRow[],
): (variant: InstanceVariant) => InstanceVariant {
  if (retain !== true) return (variant) => variant
  const keeps = (property: VariantPropertyType) => !excluded.some(({ VariantPropertyType: type }) => type === property)
  return (variant) => {
    const now = present.find(({ variant_name }) => variant_name === variant.VariantName)
    if (now === undefined) return variant
    return {
      ...variant,
      ...(keeps('DesiredInstanceCount') && { InitialInstanceCount: now.desired_instance_count }),
      ...(keeps('DesiredWeight') && { InitialVariantWeight: now.desired_weight }),
    }
  }
}

function policyFor(
  config: DeploymentConfig | undefined,
  { wanted }: NewFleet,
  present: readonly EndpointVariantRow[],
  number: number,
): DeploymentPolicy {
  const incoming = wanted.map((variant) => ({
    fleet: number,
    variant: variant.VariantName,
    instances: variant.InitialInstanceCount,
    weight: variant.InitialVariantWeight,
  }))
  if (config === undefined) return DEFAULT_POLICY
  const policy = deploymentPolicy(
    config,
    incoming.map(({ variant: name, instances }) => ({ name, instances })),
  )
  const outgoing = present.map((row) => ({
    fleet: row.fleet,
    variant: row.variant_name,
    instances: row.desired_instance_count,
    weight: row.desired_weight,
  }))
  checkTimeout(policy, waitingSeconds(deploymentStages(policy, outgoing, incoming)))
  return policy
}
