import type { Logger } from '../../telemetry/log.ts'
import type { EngineClient } from './engine-client.ts'

/** What every part of the runtime needs to know of the engine it works with; decided once, at connect. */
export interface Engine {
  readonly client: EngineClient
  readonly flavour: 'docker' | 'podman'
  readonly log: Logger
  /** Sets this Slipway's containers and networks apart from those of others on the same engine. */
  readonly installation: string
  /**
   * How this host reaches a container's port: `direct` at the container's own address (an engine of root on this Linux
   * machine), `loopback` at a port published on 127.0.0.1 (rootless engines and those inside a virtual machine).
   */
  readonly reach: 'direct' | 'loopback'
  readonly cpus: number
}

/** The label by which a Slipway knows what is its own. */
export const INSTALLATION_LABEL = 'io.slipway.runtime.installation'
