import type { ContainerSpec, RunningContainer } from '../../src/runtime/container-runtime.ts'
import { startContainer } from '../../src/runtime/docker/containers.ts'
import type { Engine } from '../../src/runtime/docker/engine.ts'
import { parseAddress } from '../../src/runtime/docker/engine-address.ts'
import { createEngineClient } from '../../src/runtime/docker/engine-client.ts'
import { createNetworks } from '../../src/runtime/docker/networks.ts'
import { silentLogger } from '../../src/telemetry/log.ts'
import { type RuntimeFixture, soon } from './runtime-fixture.ts'

interface Inspection {
  readonly HostConfig: {
    readonly NanoCpus: number
    readonly RestartPolicy: { readonly Name: string }
    readonly PortBindings: object | null
    readonly PublishAllPorts: boolean
  }
}

/** Looks at the fixture's engine past the runtime, and drives the parts of it that this machine's engine would not use. */
export function engineApi({ engine, installation }: RuntimeFixture) {
  const address = parseAddress(engine.socket, {})
  if (address.kind === 'unusable') throw new Error(address.why)

  async function using<T>(action: (client: ReturnType<typeof createEngineClient>) => Promise<T>): Promise<T> {
    const client = createEngineClient(address as Exclude<typeof address, { kind: 'unusable' }>, '/v1.41')
    try {
      return await action(client)
    } finally {
      await client.close()
    }
  }

  return {
    inspect: (id: string): Promise<Inspection> =>
      using((client) => client.json('GET', `/containers/${id}/json`, { signal: soon() })),

    /** Names of the installation's networks. */
    networks: (): Promise<string[]> =>
      using(async (client) => {
        const filters = JSON.stringify({ label: [`io.slipway.runtime.installation=${installation}`] })
        const networks = await client.json<{ Name: string }[]>('GET', '/networks', {
          signal: soon(),
          query: { filters },
        })
        return networks.map((network) => network.Name)
      }),

    /** Starts a container as it would be on a rootless engine or one in a virtual machine. */
    startPublished: (spec: ContainerSpec): Promise<RunningContainer> =>
      using((client) => {
        const published: Engine = {
          client,
          flavour: engine.kind,
          log: silentLogger,
          installation,
          reach: 'loopback',
          cpus: 1,
        }
        return startContainer(published, createNetworks(published), spec, soon())
      }),
  }
}
