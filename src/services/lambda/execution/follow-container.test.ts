import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { eventually } from '../../../../test/support/eventually.ts'
import { type ContainerRuntime, type LogLine, RuntimeError } from '../../../runtime/container-runtime.ts'
import { wait } from '../../../shared/wait.ts'
import { silentLogger } from '../../../telemetry/log.ts'
import { followContainer } from './follow-container.ts'

const away = () => new RuntimeError('unreachable', 'The container engine hangs.')

/** A container that prints what it is told to, and an engine that can go away. */
function start() {
  const lines: LogLine[] = []
  const container = { running: true, exitCode: undefined as number | undefined, outOfMemory: false }
  const engine = { away: false, there: true, lines, container, asked: 0 }
  const runtime = {
    async *readLogs(_id: string, { since = 0 }: { since?: number }, signal: AbortSignal) {
      let next = 0
      while (true) {
        if (engine.away) throw away()
        for (; next < lines.length; next++) {
          const line = lines[next] as LogLine
          if (line.timestamp >= BigInt(since) * 1_000_000n) yield line
        }
        if (!container.running || !engine.there) return
        await wait(5, signal)
      }
    },
    async inspectContainer() {
      engine.asked++
      if (engine.away) throw away()
      return engine.there ? container : undefined
    },
  } as unknown as ContainerRuntime
  const output = new Readable({ read() {} })
  let printed = ''
  output.on('data', (part) => {
    printed += part
  })
  const killed = new AbortController()
  let over = false
  const ended = followContainer(runtime, 'x', output, silentLogger, killed.signal).finally(() => {
    over = true
  })
  const print = (text: string, timestamp: bigint) => lines.push({ stream: 'stdout', timestamp, text })
  return { engine, container, print, printed: () => printed, killed, ended, over: () => over }
}

it('a container outlives an engine that is away for a while, and no line is lost or comes twice', async () => {
  const { engine, container, print, printed, ended, over } = start()
  print('one', 5_000_000n)
  print('two', 5_000_000n)
  await eventually(() => expect(printed()).toBe('one\ntwo\n'))
  engine.away = true
  await eventually(() => expect(engine.asked).toBeGreaterThan(2))
  print('three', 5_000_000n)
  print('four', 6_000_000n)
  expect(over()).toBe(false)
  engine.away = false
  await eventually(() => expect(printed()).toBe('one\ntwo\nthree\nfour\n'))
  expect(over()).toBe(false)
  Object.assign(container, { running: false, exitCode: 3 })
  expect(await ended).toEqual({ exitCode: 3, signal: null, outOfMemory: false })
})

it('one that is no longer there has been killed', async () => {
  const { engine, ended } = start()
  engine.there = false
  expect(await ended).toMatchObject({ exitCode: null, signal: 'SIGKILL' })
})

it('one that was to be removed is not waited for while the engine is away', async () => {
  const { engine, killed, ended } = start()
  engine.away = true
  await eventually(() => expect(engine.asked).toBeGreaterThan(1))
  killed.abort()
  expect(await ended).toMatchObject({ exitCode: null, signal: 'SIGKILL' })
})
