import type { ContainerRuntime } from '../../../runtime/container-runtime.ts'
import type { Database } from '../../../storage/database.ts'
import { statement } from '../../../storage/statement.ts'
import { LABELS } from './container-spec.ts'

/** Less than the contract's 30 s: the server has been told to go. */
const GRACE_SECONDS = 5
const MOST_MILLISECONDS = 30_000

/**
 * Ends and forgets every instance, while no worker runs. Endpoints stay as they are: the next start, if any, gives them
 * new instances. Returns how many containers were removed.
 */
export async function stopAllContainers({
  runtime,
  database,
  installation,
}: {
  readonly runtime: ContainerRuntime
  readonly database: Database
  readonly installation: string
}): Promise<number> {
  const signal = AbortSignal.timeout(MOST_MILLISECONDS)
  const containers = await runtime.listContainers({ [LABELS.installation]: installation }, signal)
  await Promise.all(containers.map(({ id }) => runtime.removeContainer(id, GRACE_SECONDS, signal)))
  await database.commit([
    statement(database.query.deleteFrom('endpoint_containers')),
    statement(database.query.deleteFrom('endpoint_instances')),
    statement(database.query.deleteFrom('endpoint_holds')),
    statement(database.query.deleteFrom('serving_workers')),
  ])
  return containers.length
}
