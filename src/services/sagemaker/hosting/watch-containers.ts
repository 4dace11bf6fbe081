import type { ContainerRuntime } from '../../../runtime/container-runtime.ts'
import { wait } from '../../../shared/wait.ts'
import type { Logger } from '../../../telemetry/log.ts'
import { LABELS } from './container-spec.ts'
import type { InstanceBells } from './instance-bells.ts'

/** Rings an instance's bell as soon as its container ends, until the signal aborts. Every worker watches for its own. */
export async function watchContainers(
  deps: {
    readonly runtime: ContainerRuntime
    readonly bells: InstanceBells
    readonly installation: string
    readonly log: Logger
  },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const event of deps.runtime.watch({ [LABELS.installation]: deps.installation }, signal)) {
        const instance = event.labels[LABELS.instance]
        if (instance !== undefined) deps.bells.ring(instance)
      }
    } catch (err) {
      if (signal.aborted) return
      deps.log.warn({ err }, 'the watch over containers broke off; it starts again')
    }
    await wait(1_000, signal).catch(() => {})
  }
}
