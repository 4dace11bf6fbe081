import type { WorkHandler, WorkQueue } from '../../../control/work-queue.ts'
import { type ContainerRuntime, RuntimeError } from '../../../runtime/container-runtime.ts'
import type { Database } from '../../../storage/database.ts'
import type { Logger } from '../../../telemetry/log.ts'
import { LABELS } from './container-spec.ts'
import { ENDPOINT_WORK, formatEndpointKey, INSTANCE_WORK } from './endpoint-state.ts'

export interface HostingSweepDeps {
  readonly database: Database
  readonly workQueue: WorkQueue
  readonly runtime: ContainerRuntime
  readonly installation: string
  /** False with `--runtime none`. */
  readonly hosted: boolean
  readonly log: Logger
}

const AGAIN_MILLISECONDS = 60_000
/** Items that are enqueued in one unit of work. */
const UNIT = 500

/**
 * Now and then, and at each start, sets what is wanted beside what is there: endpoints whose instances do not add up
 * (the server ran without a runtime, or was told to stop all containers) and containers that belong to no instance (their
 * endpoint was deleted while nothing could end them) are worked on.
 */
export function createHostingSweep(deps: HostingSweepDeps): WorkHandler {
  return async (_item, signal) => {
    const endpoints = await unsettledEndpoints(deps)
    // Enqueued for an instance that does not exist, an item ends the containers which carry its label.
    const strays = deps.hosted ? await strayInstances(deps, signal) : []
    if (strays.length > 0) deps.log.warn({ instances: strays }, 'containers of no instance are removed')
    const items = [
      ...endpoints.map((key) => deps.workQueue.enqueue(ENDPOINT_WORK, key)),
      ...strays.map((id) => deps.workQueue.enqueue(INSTANCE_WORK, id)),
    ]
    for (let i = 0; i < items.length; i += UNIT) await deps.database.commit(items.slice(i, i + UNIT))
    return { done: false, againInMilliseconds: AGAIN_MILLISECONDS }
  }
}

/** None while the engine is away: then there is nobody to ask, and nobody to remove them. */
async function strayInstances(deps: HostingSweepDeps, signal: AbortSignal): Promise<readonly string[]> {
  try {
    return await findStrays(deps, signal)
  } catch (error) {
    if (error instanceof RuntimeError && error.reason === 'unreachable') return []
    throw error
  }
}

/** A label outlives its row only when something went wrong; rows are made before containers and go after them. */
async function findStrays({ runtime, database, installation }: HostingSweepDeps, signal: AbortSignal) {
  const containers = await runtime.listContainers({ [LABELS.installation]: installation }, signal)
  const labelled = new Set(containers.flatMap(({ labels }) => labels[LABELS.instance] ?? []))
  if (labelled.size === 0) return []
  const rows = await database.query.selectFrom('endpoint_instances').select('id').execute()
  for (const { id } of rows) labelled.delete(id)
  return [...labelled]
}

/** The keys of endpoints whose rows say that there is something to do. Those at rest cost nothing but this look. */
async function unsettledEndpoints({ database, hosted }: HostingSweepDeps): Promise<readonly string[]> {
  const { query } = database
  const key = ['account', 'region', 'name_key'] as const
  const endpoints = await query
    .selectFrom('endpoints')
    .select([...key, 'status'])
    .execute()
  const variants = await query
    .selectFrom('endpoint_variants')
    .select([...key, 'fleet', 'variant_name', 'desired_instance_count', 'current_instance_count'])
    .execute()
  const instances = await query
    .selectFrom('endpoint_instances')
    .select([...key, 'fleet', 'variant_name', 'state'])
    .execute()
  const healthy = new Map<string, number>()
  const owners = new Set<string>()
  for (const row of instances) {
    owners.add(formatEndpointKey(row))
    if (row.state !== 'Healthy') continue
    const variant = `${formatEndpointKey(row)}/${row.fleet}/${row.variant_name}`
    healthy.set(variant, (healthy.get(variant) ?? 0) + 1)
  }
  const unsettled = new Set<string>()
  for (const row of variants) {
    const running = hosted ? (healthy.get(`${formatEndpointKey(row)}/${row.fleet}/${row.variant_name}`) ?? 0) : 0
    const settled = running === row.current_instance_count && (!hosted || running === row.desired_instance_count)
    if (!settled) unsettled.add(formatEndpointKey(row))
  }
  return endpoints
    .filter((row) => {
      const name = formatEndpointKey(row)
      if (row.status === 'Failed') return hosted && owners.has(name)
      return row.status !== 'InService' || unsettled.has(name)
    })
    .map(formatEndpointKey)
}
