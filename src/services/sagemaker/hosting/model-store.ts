import type { Principal } from '../../../access/principal.ts'
import type { ContainerRuntime } from '../../../runtime/container-runtime.ts'
import type { ModelData } from '../models/resolved-container.ts'
import { LABELS } from './container-spec.ts'
import { HostingError } from './hosting-error.ts'
import type { ModelCache } from './model-data/model-cache.ts'
import { ModelDataError } from './model-data/model-data-error.ts'

/** A model may take this long to arrive unless its variant says otherwise. Source: the API's largest value. */
const DOWNLOAD_SECONDS = 3_600

/** Model data for the containers that are about to start. */
export interface ModelStore {
  /** The folder to mount at /opt/ml/model. `container` names whose it is in errors. Throws HostingError, or StorageUnavailableError. */
  fetch(
    data: ModelData,
    role: Principal,
    container: string,
    timeoutSeconds: number | undefined,
    signal: AbortSignal,
  ): Promise<string>
}

export const createModelStore = (cache: ModelCache): ModelStore => ({
  async fetch(data, principal, container, timeoutSeconds = DOWNLOAD_SECONDS, signal) {
    try {
      const { path } = await cache.materialise({ principal, data, container, timeoutSeconds, signal })
      return path
    } catch (error) {
      if (!(error instanceof ModelDataError)) throw error
      throw new HostingError(error.message, { transient: error.transient, cause: error })
    }
  },
})

/** The model folders that containers of this installation have mounted. */
export const mountedModels =
  (runtime: ContainerRuntime, installation: string) => async (): Promise<ReadonlySet<string>> => {
    const containers = await runtime.listContainers(
      { [LABELS.installation]: installation },
      AbortSignal.timeout(30_000),
    )
    return new Set(containers.flatMap((container) => container.labels[LABELS.model] ?? []))
  }
