import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { LogLine, LogOptions } from '../../src/runtime/container-runtime.ts'
import { eventually } from '../support/eventually.ts'
import { ENGINES, lacksEngine } from '../support/shared-engine.ts'
import { command, type RuntimeFixture, soon, startRuntime } from './runtime-fixture.ts'

for (const kind of ENGINES) {
  describe.skipIf(lacksEngine(kind))(`logs on ${kind}`, () => {
    let fixture: RuntimeFixture
    beforeAll(async () => {
      fixture = await startRuntime(kind)
    })
    afterEach(() => fixture.clear())
    afterAll(() => fixture?.stop())

    async function read(id: string, options: LogOptions = { follow: false }): Promise<LogLine[]> {
      const lines = []
      for await (const line of fixture.runtime.readLogs(id, options, soon())) lines.push(line)
      return lines
    }
    const texts = (lines: LogLine[], stream?: string) =>
      lines.filter((line) => stream === undefined || line.stream === stream).map((line) => line.text)

    it('tells the two outputs apart, line by line, in order', async () => {
      const { id, address } = await fixture.start()
      const before = BigInt(Date.now() - 2_000) * 1_000_000n
      await command(address, 'stdout=one;stderr=oops;partial=ha;stdout=lf;stdout=;stdout=ünï ☃')
      const lines = await eventually(async () => {
        const found = await read(id)
        expect(texts(found, 'stdout').slice(1)).toEqual(['one', 'half', '', 'ünï ☃'])
        expect(texts(found, 'stderr')).toEqual(['oops'])
        return found
      })
      for (const line of lines.slice(1)) {
        expect(line.timestamp).toBeGreaterThan(before)
        expect(line.timestamp).toBeLessThan(before + 60_000_000_000n)
      }
    })

    it('joins the pieces of a long line, and cuts what is too long into events of 256 KiB', async () => {
      const { id, address } = await fixture.start()
      await command(address, 'longline=100000')
      await command(address, 'longline=600000')
      await eventually(async () => {
        const lengths = texts(await read(id)).map((text) => text.length)
        expect(lengths.slice(1)).toEqual([100_000, 262_144, 262_144, 600_000 - 2 * 262_144])
      })
    })

    it('follows until the container ends', async () => {
      const { id, address } = await fixture.start()
      const reading = read(id, { follow: true })
      await command(address, 'stdout=while it runs')
      await fixture.runtime.inspectContainer(id, soon())
      void command(address, 'stdout=last;crash=5').catch(() => {})
      expect(texts(await reading)).toEqual(['listening with 1 arguments: serve', 'while it runs', 'last'])
    })

    it('waits for a container that says nothing', async () => {
      const { id, address } = await fixture.start()
      const lines = fixture.runtime.readLogs(id, { follow: true, since: Date.now() + 1_000 }, soon())
      const iterator = lines[Symbol.asyncIterator]()
      const first = iterator.next()
      // What is written before `since` is not shown, on Podman to the second.
      await eventually(async () => {
        await command(address, 'stdout=heard')
        const seen = await Promise.race([first, new Promise((resolve) => setTimeout(resolve, 100))])
        expect(seen).toMatchObject({ value: { text: 'heard' } })
      })
      await iterator.return?.()
    })

    it('begins where it is told', async () => {
      const { id, address } = await fixture.start()
      await command(address, 'stdout=early')
      const early = await eventually(async () => {
        const line = (await read(id)).find(({ text }) => text === 'early')
        if (line === undefined) throw new Error('not written yet')
        return Number(line.timestamp / 1_000_000n)
      })
      await eventually(() => expect(Date.now()).toBeGreaterThan(early + 1_200))
      const since = Date.now()
      await command(address, 'stdout=late')
      await eventually(async () => expect(texts(await read(id, { follow: false, since }))).toEqual(['late']))
    })

    it('follows over the rotation of the log', async () => {
      const { id, address } = await fixture.start()
      let last = -1
      let lost = 0
      let repeated = 0
      const reading = (async () => {
        for await (const { text } of fixture.runtime.readLogs(id, { follow: true }, soon(120))) {
          const number = Number(/^line (\d+) /.exec(text)?.[1] ?? Number.NaN)
          if (Number.isNaN(number)) continue
          const expected = (last + 1) % 5_000
          if (number < expected) repeated++
          else lost += number - expected
          last = number
        }
      })()
      // 70 MB, more than the engines keep.
      for (let batch = 0; batch < 14; batch++) {
        await command(address, 'width=1000;lines=5000')
        await eventually(() => expect(last).toBe(4_999))
        last = -1
      }
      void command(address, 'crash').catch(() => {})
      await reading
      expect(repeated).toBe(0)
      // Podman's reader looks a few times a second, and misses what was written between its last look and the rotation.
      expect(lost).toBeLessThan(kind === 'docker' ? 1 : 5_000)
    }, 120_000)

    it('reads no more than is taken', async () => {
      const { id, address } = await fixture.start({ memoryBytes: 512 * 1024 * 1024 })
      await command(address, 'lines=300000')
      const iterator = fixture.runtime.readLogs(id, { follow: false }, soon())[Symbol.asyncIterator]()
      await iterator.next()
      const held = process.memoryUsage().arrayBuffers
      await fixture.runtime.listContainers({}, soon())
      await fixture.runtime.listContainers({}, soon())
      expect(process.memoryUsage().arrayBuffers - held).toBeLessThan(2_000_000)
      await iterator.return?.()
    })

    it('ends with the caller’s reason, and lets go of the engine', async () => {
      const { id } = await fixture.start()
      const given = new AbortController()
      const iterator = fixture.runtime.readLogs(id, { follow: true }, given.signal)[Symbol.asyncIterator]()
      await iterator.next()
      const waiting = iterator.next()
      given.abort(new Error('enough'))
      await expect(waiting).rejects.toThrow('enough')
    })

    it('does not find the logs of what is not there', async () => {
      await expect(read('0123456789ab')).rejects.toMatchObject({ reason: 'not-found' })
    })
  })
}
