import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { pushImage } from '../../scripts/images/push-image.ts'
import { startEngine } from '../../scripts/machine/engine.ts'
import type { ContainerEvent, ContainerRuntime } from '../../src/runtime/container-runtime.ts'
import { connectDocker } from '../../src/runtime/docker/connect-docker.ts'
import { silentLogger } from '../../src/telemetry/log.ts'
import { eventually } from '../support/eventually.ts'
import { startRegistry } from '../support/registry.ts'
import { ENGINES, lacksEngine } from '../support/shared-engine.ts'
import { buildTestImages } from '../support/test-image.ts'
import { command, ping, type RuntimeFixture, soon, startRuntime } from './runtime-fixture.ts'

/** Collects events in the background; `stop` ends the watch and says how it ended. */
function watching(runtime: ContainerRuntime, labels: Record<string, string>) {
  const given = new AbortController()
  const events: ContainerEvent[] = []
  const ended = (async () => {
    for await (const event of runtime.watch(labels, given.signal)) events.push(event)
  })()
  return {
    events,
    stop: async () => {
      given.abort()
      await ended
    },
  }
}

for (const kind of ENGINES) {
  describe.skipIf(lacksEngine(kind))(`events on ${kind}`, () => {
    let fixture: RuntimeFixture
    beforeAll(async () => {
      fixture = await startRuntime(kind)
    })
    afterEach(() => fixture.clear())
    afterAll(() => fixture?.stop())

    it('reports an end once, with its code and labels, and no other containers', async () => {
      const watch = watching(fixture.runtime, { purpose: 'watched' })
      const labels = { purpose: 'watched', instance: 'i-1' }
      const { id, address } = await fixture.start({ labels })
      const other = await fixture.start()
      await command(other.address, 'crash=4').catch(() => {})
      await command(address, 'crash=9').catch(() => {})
      await eventually(() => expect(watch.events).toEqual([{ kind: 'ended', id, labels, exitCode: 9 }]))
      await fixture.runtime.removeContainer(id, 0, soon())
      await fixture.clear()
      expect(watch.events).toHaveLength(1)
      await watch.stop()
    })

    it('begins with what has ended already', async () => {
      const environment = { EXIT_AT_START: '6' }
      const { id } = await fixture.runtime.startContainer(fixture.spec({ environment }), soon())
      await eventually(async () => {
        expect((await fixture.runtime.inspectContainer(id, soon()))?.running).toBe(false)
      })
      const watch = watching(fixture.runtime, { purpose: 'test' })
      await eventually(() => {
        expect(watch.events).toEqual([{ kind: 'ended', id, labels: { purpose: 'test' }, exitCode: 6 }])
      })
      await watch.stop()
    })

    it('reports that memory ran out', async () => {
      const watch = watching(fixture.runtime, {})
      const { id, address } = await fixture.start({ memoryBytes: 64 * 1024 * 1024 })
      await command(address, 'allocate=512').catch(() => {})
      await eventually(() => expect(watch.events.at(-1)).toMatchObject({ kind: 'ended', id, exitCode: 137 }))
      if (kind === 'docker') expect(watch.events[0]).toMatchObject({ kind: 'out-of-memory', id })
      await watch.stop()
    })

    it('stops when told, also when the engine is silent', async () => {
      const watch = watching(fixture.runtime, { purpose: 'nothing has this' })
      await fixture.runtime.listContainers({}, soon())
      await watch.stop()
      expect(watch.events).toEqual([])
    })
  })

  describe.skipIf(lacksEngine(kind))(`a restart of ${kind}`, () => {
    it('hides no end from a watch, and makes calls fail with a sentence meanwhile', async () => {
      const [engine, images, registry] = await Promise.all([
        startEngine(kind, { ours: true }),
        buildTestImages(),
        startRegistry({ auth: 'none' }),
      ])
      const installation = `test-${randomBytes(4).toString('hex')}`
      const options = { log: silentLogger, socket: engine.socket, installation, signal: soon() }
      const runtime = await connectDocker(options)
      try {
        const image = await pushImage(images.image(), { url: registry.url, repository: 'team/model' })
        await runtime.pullImage({ reference: image }, soon())
        const spec = {
          image,
          command: ['serve'],
          environment: {},
          labels: {},
          mounts: [],
          port: 8080,
          memoryBytes: 64 * 1024 * 1024,
          cpus: 1,
          pids: 100,
          network: 'open' as const,
          addedCapabilities: [],
        }
        const started = await Promise.all(
          ['a', 'b'].map((name) => runtime.startContainer({ ...spec, name: `${installation}-${name}` }, soon())),
        )
        for (const { address } of started) await ping(address)
        const watch = watching(runtime, {})
        await engine.restart(async () => {
          await expect(runtime.listContainers({}, soon())).rejects.toMatchObject({ reason: 'unreachable' })
          // Podman's containers live on without it; one of them ends while nobody is listening.
          await command(started[0]!.address, 'crash=3').catch(() => {})
        })
        await eventually(() => expect(watch.events.map((event) => event.id)).toContain(started[0]!.id), 20_000)
        if (kind === 'podman') {
          const running = await runtime.listContainers({}, soon())
          expect(running.filter((container) => container.running).map(({ id }) => id)).toEqual([started[1]!.id])
          await ping(started[1]!.address)
        }
        const next = await runtime.startContainer({ ...spec, name: `${installation}-c` }, soon())
        await ping(next.address)
        await command(next.address, 'crash=8').catch(() => {})
        await eventually(() => expect(watch.events.at(-1)).toMatchObject({ id: next.id, exitCode: 8 }))
        expect(new Set(watch.events.map((event) => event.id)).size).toBe(watch.events.length)
        await watch.stop()
      } finally {
        await runtime.close()
        await engine.stop()
        await Promise.all([registry.stop(), images.remove()])
      }
    })
  })
}
