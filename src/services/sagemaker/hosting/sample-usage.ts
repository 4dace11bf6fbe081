import { statfs } from 'node:fs/promises'
import { type ContainerRuntime, type ContainerUsage, RuntimeError } from '../../../runtime/container-runtime.ts'
import { wait } from '../../../shared/wait.ts'
import type { EndpointInstanceRow } from '../../../storage/schema/endpoints.ts'
import type { CloudwatchFacade } from '../../cloudwatch/facade.ts'
import type { EndpointState } from './endpoint-state.ts'

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
 * rejects with. A processor that is busy all the time is 100 %, so several add up to more. Source: hosting container
 * contract §11.
 */
export async function sampleUsage(
  deps: SampleUsageDeps,
  { row, state }: { readonly row: EndpointInstanceRow; readonly state: EndpointState },
  signal: AbortSignal,
): Promise<void> {
  const { cloudwatch, sampleSeconds } = deps
  const dimensions = { EndpointName: state.endpoint.name, VariantName: row.variant_name }
  const target = (name: string) => ({
    account: row.account,
    region: row.region,
    namespace: NAMESPACE,
    name,
    dimensions,
  })
  const [cpu, memory, disk] = [target('CPUUtilization'), target('MemoryUtilization'), target('DiskUtilization')]
  let before = await take(deps, row.container_id ?? '', signal)
  for (;;) {
    await wait(sampleSeconds * 1000, signal)
    const sample = await take(deps, row.container_id ?? '', signal)
    if (sample !== undefined) {
      if (before !== undefined) cloudwatch.record(cpu, cpuPercent(before, sample), 'Percent')
      cloudwatch.record(memory, (100 * sample.usage.memoryBytes) / sample.usage.memoryLimitBytes, 'Percent')
      cloudwatch.record(disk, await diskPercent(deps.modelDirectory), 'Percent')
    }
    before = sample
  }
}

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
