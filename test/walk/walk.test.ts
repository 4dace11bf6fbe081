import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pushImage } from '../../scripts/images/push-image.ts'
import { connectDocker } from '../../src/runtime/docker/connect-docker.ts'
import { installationId } from '../../src/storage/installation-id.ts'
import { silentLogger } from '../../src/telemetry/log.ts'
import { runClient } from '../support/python.ts'
import { type Registry, type RegistryOptions, startRegistry } from '../support/registry.ts'
import { ENGINES, lacksEngine, sharedEngine, trustRegistry } from '../support/shared-engine.ts'
import { type Slipway, startSlipway } from '../support/slipway.ts'
import { buildTestImages, type TestImages } from '../support/test-image.ts'

const REGISTRIES: readonly (readonly [string, RegistryOptions])[] = [
  ['no login', { auth: 'none' }],
  ['Basic', { auth: 'basic' }],
  ['Bearer', { auth: 'bearer' }],
  ['Basic and a private CA', { auth: 'basic', tls: 'private-ca' }],
]

for (const kind of ENGINES) {
  describe.skipIf(lacksEngine(kind))(`from register to predict with boto3, on ${kind}`, () => {
    const registries = new Map<string, Registry>()
    const digests = new Map<string, string>()
    const undo: (() => Promise<void>)[] = []
    let images: TestImages
    let slipway: Slipway
    let socket: string

    /** A registry with the image in it. */
    async function open(name: string, options: RegistryOptions): Promise<void> {
      const registry = await startRegistry(options)
      undo.push(registry.stop)
      registries.set(name, registry)
      const { url, credentials, ca } = registry
      if (ca !== undefined) undo.push(await trustRegistry(registry.host, ca))
      const login = { ...(credentials && { credentials }), ...(ca && { ca }) }
      digests.set(name, await pushImage(images.image(), { url, repository: 'team/model', tag: '1', ...login }))
    }

    beforeAll(async () => {
      const engine = await sharedEngine(kind)
      socket = engine.socket
      images = await buildTestImages(`walk-${kind}`)
      // All have come to an end before any is undone.
      const opened = await Promise.allSettled(REGISTRIES.map(([name, options]) => open(name, options)))
      for (const one of opened) if (one.status === 'rejected') throw one.reason
      const flags = [...registries.values()].flatMap(({ caFile }) =>
        caFile === undefined ? [] : ['--ca-file', caFile],
      )
      slipway = await startSlipway({ runtime: 'docker', engineSocket: socket, flags: [...flags, '--stop-containers'] })
    })
    afterAll(async () => {
      await slipway?.stop()
      await Promise.all(undo.map((one) => one()))
      await images?.remove()
    })

    describe.each(REGISTRIES)('registry with %s', (name) => {
      it.each(['tag', 'digest'])(
        'answers, its image named by %s, and leaves nothing',
        async (by) => {
          const registry = registries.get(name) as Registry
          const digest = digests.get(name) as string
          const image = by === 'tag' ? `${registry.host}/team/model:1` : digest
          const { username, password } = registry.credentials ?? {}
          const login: Record<string, string> =
            username === undefined || password === undefined
              ? {}
              : { REGISTRY_USER: username, REGISTRY_PASSWORD: password }
          const seen = JSON.parse(await runClient('boto3/walk.py', { ...slipway.env, ...login, IMAGE: image })) as {
            deployed: string
          }
          expect(seen.deployed).toBe(digest)
          expect(await containersOf(socket, slipway)).toEqual([])
          if (password !== undefined) expect(slipway.process.output()).not.toContain(password)
        },
        120_000,
      )
    })
  })
}

async function containersOf(socket: string, { dataDir }: Slipway): Promise<readonly string[]> {
  const signal = AbortSignal.timeout(20_000)
  const runtime = await connectDocker({
    log: silentLogger,
    socket,
    signal,
    installation: await installationId(dataDir),
  })
  try {
    return (await runtime.listContainers({}, signal)).map(({ name }) => name)
  } finally {
    await runtime.close()
  }
}
