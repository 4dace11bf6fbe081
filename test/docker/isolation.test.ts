import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunningContainer } from '../../src/runtime/container-runtime.ts'
import { type Outside, startOutside } from '../support/outside.ts'
import { ENGINES, lacksEngine } from '../support/shared-engine.ts'
import { command, ping, type RuntimeFixture, startRuntime } from './runtime-fixture.ts'

for (const kind of ENGINES) {
  describe.skipIf(lacksEngine(kind))(`isolation on ${kind}`, () => {
    let fixture: RuntimeFixture
    let outside: Outside
    const containers: Record<string, RunningContainer> = {}

    beforeAll(async () => {
      outside = await startOutside()
      fixture = await startRuntime(kind)
      for (const name of ['open 1', 'open 2', 'isolated 1', 'isolated 2']) {
        const start = () => fixture.start({ network: name.startsWith('open') ? 'open' : 'isolated' })
        // Podman trips over interfaces that other tests' containers take away while it lists them.
        containers[name] = await start().catch((error: Error) => {
          if (!error.message.includes('no such network interface')) throw error
          return start()
        })
      }
    })
    afterAll(async () => {
      await fixture?.stop()
      await outside?.stop()
    })

    it.each([
      ['open 1', 'open 2'],
      ['open 1', 'isolated 1'],
      ['isolated 1', 'open 1'],
      ['isolated 1', 'isolated 2'],
    ])('keeps %s from %s', async (from, to) => {
      expect(await command(containers[from]!.address, `connect=${containers[to]!.address}`)).not.toBe('connected')
      await ping(containers[to]!.address)
    })

    it('lets a container reach itself', async () => {
      expect(await command(containers['isolated 1']!.address, 'connect=127.0.0.1:8080')).toBe('connected')
    })

    it('lets an open container out', async () => {
      expect(await command(containers['open 1']!.address, `connect=${outside.address}`)).toBe('connected')
    })

    it('keeps an isolated container in, while requests reach it', async () => {
      expect(await command(containers['isolated 1']!.address, `connect=${outside.address}`)).not.toBe('connected')
      await ping(containers['isolated 1']!.address)
    })
  })
}
