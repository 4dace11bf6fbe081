import { statfs } from 'node:fs/promises'
import { type ContainerRuntime, type ContainerUsage, RuntimeError } from '../../../runtime/container-runtime.ts'
import { wait } from '../../../shared/wait.ts'
import type { EndpointContainerRow, EndpointInstanceRow } from '../../../storage/schema/endpoints.ts'
import type { CloudwatchFacade } from '../../cloudwatch/facade.ts'
import { containersOf, type EndpointState } from './endpoint-state.ts'

const NAMESPACE = '/aws/sagemaker/Endpoints'

export interface SampleUsageDeps {
  readonly runtime: ContainerRuntime
  readonly cloudwatch: Pick<CloudwatchFacade, 'record'>
  readonly sampleSeconds: number
  /** Where the disk is looked at: what containers of this machine fill is the machine's. */
  readonly modelDirectory: string
}

interface Sample {
  readonly usage: ContainerUsage
  /** On the clock of `performance.now()`. */
  readonly takenAt: number
}

/**
 * Records CPUUtilization, MemoryUtilization and DiskUtilization of a healthy instance until the signal aborts, which it
 * rejects with. A processor that is busy all the time is 100 %, so several add up to more. Of several containers each is
 * recorded under ContainerName too, and their sum as the instance's: they share what it has. Source:
 * "Metrics for monitoring Amazon SageMaker AI with Amazon CloudWatch" (developer guide).
 */
export async function sampleUsage(
  deps: SampleUsageDeps,
  { row, state }: { readonly row: EndpointInstanceRow; readonly state: EndpointState },
  signal: AbortSignal,
): Promise<void> {
  const containers = containersOf(state, row.id)
  const { account, region, variant_name: VariantName } = row
  const recordAs = (more: Readonly<Record<string, string>>) => (name: string, percent: number) => {
    const dimensions = { EndpointName: state.endpoint.name, VariantName, ...more }
    deps.cloudwatch.record({ account, region, namespace: NAMESPACE, name, dimensions }, percent, 'Percent')
  }
  const record = recordAs({})
  const takeAll = () => Promise.all(containers.map(({ container_id }) => take(deps, container_id ?? '', signal)))
  let before = await takeAll()
  for (;;) {
    await wait(deps.sampleSeconds * 1000, signal)
    const samples = await takeAll()
    const uses = samples.map((sample, index) => sample && use(before[index], sample))
    before = samples
    if (containers.length > 1) for (const [index, one] of uses.entries()) tell(one, recordAs(nameOf(containers[index])))
    const whole = sum(uses)
    if (whole === undefined) continue
    tell(whole, record)
    record('DiskUtilization', await diskPercent(deps.modelDirectory))
  }
}

/** In percent; the processors' is unknown at the first look. */
interface Use {
  readonly cpu: number | undefined
  readonly memory: number
}

const use = (before: Sample | undefined, after: Sample): Use => ({
  cpu: before && cpuPercent(before, after),
  memory: (100 * after.usage.memoryBytes) / after.usage.memoryLimitBytes,
})

/** Of all containers, when all are known: each may use what the instance has. */
function sum(uses: readonly (Use | undefined)[]): Use | undefined {
  const known = uses.filter((one) => one !== undefined)
  if (known.length < uses.length || known.length === 0) return undefined
  const cpu = known.every((one) => one.cpu !== undefined)
    ? known.reduce((total, one) => total + (one.cpu ?? 0), 0)
    : undefined
  return { cpu, memory: known.reduce((total, { memory }) => total + memory, 0) }
}

function tell(one: Use | undefined, record: (name: string, percent: number) => void): void {
  if (one === undefined) return
  if (one.cpu !== undefined) record('CPUUtilization', one.cpu)
  record('MemoryUtilization', one.memory)
}

const nameOf = (row: EndpointContainerRow | undefined) => ({ ContainerName: row?.name ?? '' })

/** Undefined while the engine is away, or does not tell. */
async function take({ runtime }: SampleUsageDeps, container: string, signal: AbortSignal): Promise<Sample | undefined> {
  try {
    const usage = await runtime.usage(container, signal)
    return usage === undefined ? undefined : { usage, takenAt: performance.now() }
  } catch (error) {
    if (error instanceof RuntimeError) return undefined
    throw error
  }
}

const cpuPercent = (before: Sample, after: Sample): number => {
  const used = (after.usage.cpuNanoseconds - before.usage.cpuNanoseconds) / 1e6
  return Math.max(0, (100 * used) / (after.takenAt - before.takenAt))
}

async function diskPercent(directory: string): Promise<number> {
  const { blocks, bavail, bfree } = await statfs(directory)
  const used = blocks - bfree
  return used + bavail === 0 ? 0 : (100 * used) / (used + bavail)
}
