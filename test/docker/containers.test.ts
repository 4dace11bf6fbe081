import { mkdir, writeFile } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { pushImage } from '../../scripts/images/push-image.ts'
import { RuntimeError } from '../../src/runtime/container-runtime.ts'
import { eventually } from '../support/eventually.ts'
import { ENGINES, lacksEngine } from '../support/shared-engine.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts'
import { engineApi } from './engine-api.ts'
import { command, ping, type RuntimeFixture, soon, startRuntime } from './runtime-fixture.ts'

for (const kind of ENGINES) {
  describe.skipIf(lacksEngine(kind))(`containers on ${kind}`, () => {
    let fixture: RuntimeFixture
    let directory: TemporaryDirectory

    beforeAll(async () => {
      directory = await temporaryDirectory()
      fixture = await startRuntime(kind)
    })
    afterEach(() => fixture.clear())
    afterAll(async () => {
      await fixture?.stop()
      await directory.remove()
    })

    const left = () => fixture.runtime.listContainers({}, soon())
    const refusal = async (starting: Promise<unknown>): Promise<RuntimeError> => {
      const error = await starting.then(
        () => undefined,
        (reason: unknown) => reason,
      )
      expect(error).toBeInstanceOf(RuntimeError)
      return error as RuntimeError
    }

    it('runs the image’s program with the command, the environment and nothing of ours', async () => {
      const { address } = await fixture.start({ environment: { GREETING: 'grüß=dich', EMPTY: '' } })
      expect(JSON.parse(await command(address, 'argv'))).toEqual(['/usr/bin/model-server', 'serve'])
      const environment = JSON.parse(await command(address, 'env')) as string[]
      expect(environment).toContain('GREETING=grüß=dich')
      expect(environment).toContain('EMPTY=')
      const names = environment.map((entry) => entry.split('=')[0])
      const given = ['PATH', 'GREETING', 'EMPTY', 'HOSTNAME', 'HOME', 'TERM', 'container']
      expect(names.filter((name) => !given.includes(name!))).toEqual([])
    })

    it('tells what a container uses, as far as the engine can', async () => {
      const { id, address } = await fixture.start({ memoryBytes: 64 * 1024 * 1024 })
      const before = await fixture.runtime.usage(id, soon())
      await command(address, 'argv')
      const after = await fixture.runtime.usage(id, soon())
      // Engines without control groups of their own tell nothing; those that do tell the truth.
      if (before !== undefined && after !== undefined) {
        expect(after.memoryBytes).toBeGreaterThan(0)
        expect(after.memoryBytes).toBeLessThan(64 * 1024 * 1024)
        expect(after.memoryLimitBytes).toBe(64 * 1024 * 1024)
        expect(after.cpuNanoseconds).toBeGreaterThanOrEqual(before.cpuNanoseconds)
      }
      await fixture.runtime.stopContainer(id, 0, soon())
      expect(await fixture.runtime.usage(id, soon())).toBeUndefined()
      expect(await fixture.runtime.usage('f'.repeat(64), soon())).toBeUndefined()
    })

    it('mounts a directory read-only', async () => {
      const source = join(directory.path, 'model:with colon')
      await mkdir(source, { recursive: true })
      await writeFile(join(source, 'weights'), 'w')
      const { address } = await fixture.start({ mounts: [{ source, target: '/opt/ml/model', readOnly: true }] })
      expect(await command(address, 'file=/opt/ml/model/weights')).toBe('w')
      expect(await command(address, 'write=/opt/ml/model/new')).toBe('Read-only file system')
      expect(await command(address, 'write=/tmp/new')).toBe('written')
    })

    it('gives a container no capabilities, no new privileges, and a seccomp filter', async () => {
      const { address } = await fixture.start()
      const status = await command(address, 'file=/proc/self/status')
      expect(/^CapBnd:\s*0+$/m.test(status)).toBe(true)
      expect(/^CapEff:\s*0+$/m.test(status)).toBe(true)
      expect(/^NoNewPrivs:\s*1$/m.test(status)).toBe(true)
      expect(/^Seccomp:\s*2$/m.test(status)).toBe(true)
    })

    it('adds back the capabilities that are named', async () => {
      const { address } = await fixture.start({ addedCapabilities: ['NET_BIND_SERVICE'] })
      expect(await command(address, 'file=/proc/self/status')).toMatch(/^CapBnd:\s*0+400$/m)
    })

    it('limits processes, shared memory and CPU', async () => {
      const { id, address } = await fixture.start({ pids: 30, shmBytes: 8 * 1024 * 1024, cpus: 0.5 })
      expect(Number(await command(address, 'fork=100'))).toBeLessThan(30)
      expect(await command(address, 'file=/proc/mounts')).toMatch(/ \/dev\/shm .*size=8192k/)
      const { HostConfig } = await engineApi(fixture).inspect(id)
      expect(HostConfig.NanoCpus).toBe(500_000_000)
      expect(HostConfig.RestartPolicy.Name).toBe('no')
    })

    it('says what a container gets while processors and memory are scarce', async () => {
      const reservedMemoryBytes = 32 * 1024 * 1024
      const { id } = await fixture.start({ cpuWeight: 300, reservedMemoryBytes, memoryBytes: 64 * 1024 * 1024 })
      const { HostConfig } = await engineApi(fixture).inspect(id)
      expect(HostConfig).toMatchObject({ CpuShares: 300, MemoryReservation: reservedMemoryBytes })
    })

    it('lets a container keep all the memory that it may use', async () => {
      const bytes = 64 * 1024 * 1024
      await fixture.start({ cpuWeight: 2, reservedMemoryBytes: bytes, memoryBytes: bytes })
    })

    it('gives more CPUs than there are what there is', async () => {
      await fixture.start({ cpus: 4096 })
    })

    it('ends a container that takes more memory than it has', async () => {
      const { id, address } = await fixture.start({ memoryBytes: 64 * 1024 * 1024 })
      await command(address, 'allocate=512').catch(() => {})
      await eventually(async () => {
        const state = await fixture.runtime.inspectContainer(id, soon())
        expect(state).toMatchObject({ running: false, exitCode: 137, address: undefined })
        // Podman does not tell on cgroup v1.
        if (kind === 'docker') expect(state?.outOfMemory).toBe(true)
      })
    })

    it.each([0, 3])('keeps the code of a container that ends at once: %d', async (code) => {
      const environment = { EXIT_AT_START: String(code), PRINT_AT_START: 'last words' }
      const { id, address } = await fixture.runtime.startContainer(fixture.spec({ environment }), soon())
      await eventually(async () => {
        const state = await fixture.runtime.inspectContainer(id, soon())
        expect(state).toMatchObject({ running: false, exitCode: code, outOfMemory: false })
      })
      // Podman takes the network away with the container: what is sent to its address then leaves this machine.
      if (kind === 'docker') await expect(fetch(`http://${address}/ping`)).rejects.toThrow()
      const lines = []
      for await (const line of fixture.runtime.readLogs(id, { follow: true }, soon())) lines.push(line.text)
      expect(lines).toEqual(['last words'])
    })

    it('refuses an entrypoint that is not there, and leaves nothing', async () => {
      const image = await pushImage(fixture.images.withoutProgram(), {
        url: fixture.registry.url,
        repository: 'team/broken',
      })
      await fixture.runtime.pullImage({ reference: image }, soon())
      const error = await refusal(fixture.runtime.startContainer(fixture.spec({ image }), soon()))
      expect(error.reason).toBe('bad-entrypoint')
      expect(error.message).toContain('/usr/bin/absent')
      expect(await left()).toEqual([])
      if (kind === 'podman') expect(await engineApi(fixture).networks()).toEqual([])
    })

    it('refuses an image that is not there, and leaves nothing', async () => {
      const image = `${fixture.registry.host}/team/absent@sha256:${'1'.repeat(64)}`
      expect((await refusal(fixture.runtime.startContainer(fixture.spec({ image }), soon()))).reason).toBe('not-found')
      expect(await left()).toEqual([])
      if (kind === 'podman') expect(await engineApi(fixture).networks()).toEqual([])
    })

    it('refuses a mount of what is not there, and leaves nothing', async () => {
      const mounts = [{ source: join(directory.path, 'absent'), target: '/opt/ml/model', readOnly: true }]
      await refusal(fixture.runtime.startContainer(fixture.spec({ mounts }), soon()))
      expect(await left()).toEqual([])
    })

    it('refuses a name that is taken, and leaves the one that has it', async () => {
      const name = `${fixture.installation}-taken`
      const first = await fixture.start({ name })
      expect((await refusal(fixture.runtime.startContainer(fixture.spec({ name }), soon()))).reason).toBe('conflict')
      await ping(first.address)
      expect((await left()).map((container) => container.id)).toEqual([first.id])
    })

    it.each(['../x', 'a b', '', 'x?force=1'])('refuses a name that is none: %j', async (name) => {
      expect((await refusal(fixture.runtime.startContainer(fixture.spec({ name }), soon()))).reason).toBe('other')
    })

    it('leaves nothing of a start that is given up', async () => {
      for (const milliseconds of [0, 5, 20, 60, 150]) {
        const signal = AbortSignal.timeout(milliseconds)
        await fixture.runtime.startContainer(fixture.spec(), signal).catch((error: unknown) => {
          expect(error).toBe(signal.reason)
          return undefined
        })
        if (signal.aborted) await eventually(async () => expect(await left()).toEqual([]))
        else await fixture.clear()
      }
    })

    it('asks a container to end, and keeps its code', async () => {
      const { id, address } = await fixture.start({ environment: { TERM_EXIT_CODE: '7' } })
      const events = collectEvents(fixture)
      const lines = collectLines(fixture, id)
      await events.ready(address)
      const started = performance.now()
      await fixture.runtime.removeContainer(id, 20, soon())
      expect(performance.now() - started).toBeLessThan(10_000)
      // Podman may not know the code of what it is removing at the same time.
      expect(kind === 'docker' ? [7] : [7, undefined]).toContain((await events.next()).exitCode)
      expect((await lines).at(-1)).toBe('SIGTERM')
      expect(await fixture.runtime.inspectContainer(id, soon())).toBeUndefined()
    })

    it('kills a container that does not end in its grace', async () => {
      const { id, address } = await fixture.start({ environment: { IGNORE_SIGTERM: '1' } })
      const events = collectEvents(fixture)
      const lines = collectLines(fixture, id)
      await events.ready(address)
      const started = performance.now()
      await fixture.runtime.removeContainer(id, 1, soon())
      expect(performance.now() - started).toBeGreaterThan(950)
      // Podman may not know the code of what it is removing at the same time.
      expect(kind === 'docker' ? [137] : [137, undefined]).toContain((await events.next()).exitCode)
      expect((await lines).at(-1)).toBe('SIGTERM')
    })

    it('removes what is running, ended, being removed or gone', async () => {
      const running = await fixture.start()
      await Promise.all([1, 2, 3].map(() => fixture.runtime.removeContainer(running.id, 5, soon())))
      await fixture.runtime.removeContainer(running.id, 5, soon())
      const environment = { EXIT_AT_START: '0' }
      const ended = await fixture.runtime.startContainer(fixture.spec({ environment }), soon())
      await fixture.runtime.removeContainer(ended.id, 5, soon())
      await fixture.runtime.removeContainer('0123456789ab', 5, soon())
      expect(await left()).toEqual([])
    })

    it('finds containers again by their labels, and only its own', async () => {
      const labels = { endpoint: 'iris', instance: 'i-1' }
      const { id, address } = await fixture.start({ labels })
      await fixture.start({ labels: { endpoint: 'other' } })
      const another = await fixture.connect()
      const found = await another.listContainers({ endpoint: 'iris' }, soon())
      expect(found).toHaveLength(1)
      expect(found[0]).toMatchObject({ id, address, running: true, exitCode: undefined, labels })
      expect(Math.abs(found[0]!.startedAt - Date.now())).toBeLessThan(60_000)
      expect(found[0]!.imageId).toBe((await fixture.runtime.findImage(fixture.image, soon()))?.id)
      const stranger = await fixture.connect(`${fixture.installation}x`)
      expect(await stranger.listContainers({}, soon())).toEqual([])
      expect(await stranger.inspectContainer(id, soon())).toBeUndefined()
    })

    it('starts ten at once, from two workers', async () => {
      const another = await fixture.connect()
      const started = await Promise.all(
        Array.from({ length: 10 }, (_, i) =>
          (i % 2 ? another : fixture.runtime).startContainer(fixture.spec(), soon()),
        ),
      )
      await Promise.all(started.map(({ address }) => ping(address)))
      expect(new Set(started.map(({ address }) => address)).size).toBe(10)
      if (kind === 'docker') expect(await engineApi(fixture).networks()).toHaveLength(1)
    })

    it('makes its network again when somebody has removed it', async () => {
      const first = await fixture.start()
      await fixture.runtime.removeContainer(first.id, 0, soon())
      await (await fixture.connect()).removeNetworks(soon())
      expect(await engineApi(fixture).networks()).toEqual([])
      await fixture.start()
    })

    it('listens nowhere but where this machine reaches it', async () => {
      const { id, address } = await fixture.start()
      const { HostConfig } = await engineApi(fixture).inspect(id)
      expect(Object.values(HostConfig.PortBindings ?? {}).filter((binding) => binding !== null)).toEqual([])
      expect(HostConfig.PublishAllPorts).toBe(false)
      expect(address).not.toMatch(/^127\./)
    })

    it('publishes on loopback alone where containers have no address to reach', async () => {
      const { id, address } = await engineApi(fixture).startPublished(fixture.spec())
      await ping(address)
      expect(address).toMatch(/^127\.0\.0\.1:\d+$/)
      expect((await fixture.runtime.inspectContainer(id, soon()))?.address).toBe(address)
      const others = Object.values(networkInterfaces())
        .flatMap((addresses) => addresses ?? [])
        .filter(({ family, internal }) => family === 'IPv4' && !internal)
      for (const other of others) {
        const elsewhere = `http://${other.address}:${address.split(':')[1]}/ping`
        await expect(fetch(elsewhere, { signal: AbortSignal.timeout(2_000) })).rejects.toThrow()
      }
      const isolated = engineApi(fixture).startPublished(fixture.spec({ network: 'isolated' }))
      expect((await refusal(isolated)).reason).toBe('unsupported')
    })
  })
}

function collectEvents(fixture: RuntimeFixture) {
  const given = new AbortController()
  const events = fixture.runtime.watch({}, given.signal)[Symbol.asyncIterator]()
  const first = events.next()
  return {
    /** Events are read at once; a round trip to the container leaves the engine time to begin. */
    ready: async (address: string) => {
      await ping(address)
    },
    next: async () => {
      const result = await first
      given.abort()
      if (result.done === true) throw new Error('no event')
      return result.value
    },
  }
}

async function collectLines(fixture: RuntimeFixture, id: string): Promise<string[]> {
  const lines = []
  for await (const line of fixture.runtime.readLogs(id, { follow: true }, soon())) lines.push(line.text)
  return lines
}
