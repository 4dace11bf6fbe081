import { describe, expect, it } from 'vitest'
import type { ContainerState } from '../container-runtime.ts'
import { jsonLines } from './json-lines.ts'
import { createLedger } from './watch-events.ts'

const container = (id: string, state: Partial<ContainerState> = {}): ContainerState => ({
  id,
  name: id,
  labels: { n: id },
  running: true,
  address: '172.18.0.2:8080',
  exitCode: undefined,
  outOfMemory: false,
  imageId: 'i',
  startedAt: 1,
  ...state,
})
const ended = (id: string, exitCode: number, outOfMemory = false) =>
  container(id, { running: false, address: undefined, exitCode, outOfMemory })
const message = (Action: string, ID: string, attributes = {}) => ({
  Action,
  Actor: { ID, Attributes: { n: ID, ...attributes } },
})

describe('the ledger of a watch', () => {
  it('reads the events of both engines', () => {
    const ledger = createLedger()
    expect(ledger.note(message('die', 'a', { exitCode: '3', image: 'x', name: 'y' }))).toEqual({
      kind: 'ended',
      id: 'a',
      labels: { n: 'a' },
      exitCode: 3,
    })
    expect(ledger.note(message('died', 'b', { containerExitCode: '0' }))?.exitCode).toBe(0)
    expect(ledger.note(message('die', 'c'))?.exitCode).toBeUndefined()
    expect(ledger.note(message('oom', 'd'))?.kind).toBe('out-of-memory')
    expect(ledger.note(message('exec_die', 'e', { exitCode: '1' }))).toBeUndefined()
    expect(ledger.note({})).toBeUndefined()
  })

  it('reports each end once, whether it is heard or found', () => {
    const ledger = createLedger()
    expect(ledger.reconcile([container('a'), ended('b', 2)]).map(({ id }) => id)).toEqual(['b'])
    expect(ledger.note(message('die', 'b', { exitCode: '2' }))).toBeUndefined()
    expect(ledger.note(message('die', 'a', { exitCode: '1' }))?.id).toBe('a')
    expect(ledger.reconcile([ended('a', 1), ended('b', 2)])).toEqual([])
  })

  it('finds out what ended, or vanished, while nobody listened', () => {
    const ledger = createLedger()
    ledger.reconcile([container('a'), container('b')])
    ledger.note(message('start', 'c'))
    expect(ledger.reconcile([ended('a', 137, true)])).toEqual([
      { kind: 'ended', id: 'b', labels: { n: 'b' }, exitCode: undefined },
      { kind: 'ended', id: 'c', labels: { n: 'c' }, exitCode: undefined },
      { kind: 'out-of-memory', id: 'a', labels: { n: 'a' }, exitCode: undefined },
      { kind: 'ended', id: 'a', labels: { n: 'a' }, exitCode: 137 },
    ])
  })

  it('says nothing of containers that have not run', () => {
    expect(createLedger().reconcile([container('a', { running: false })])).toEqual([])
  })
})

describe('jsonLines', () => {
  async function* chunks(...texts: (string | Buffer)[]) {
    for (const text of texts) yield Buffer.from(text)
  }
  async function all(source: AsyncIterable<Buffer>) {
    const values = []
    for await (const value of jsonLines<unknown>(source)) values.push(value)
    return values
  }

  it('reads values however they arrive, and passes over what is none', async () => {
    const snowman = Buffer.from('"☃"\n')
    const source = chunks('{"a"', ':1}\r\n\nnot json\n', snowman.subarray(0, 2), snowman.subarray(2), '{"b":2}')
    expect(await all(source)).toEqual([{ a: 1 }, '☃', { b: 2 }])
  })

  it('gives up on a line without end', async () => {
    async function* endless() {
      for (;;) yield Buffer.alloc(1024 * 1024, 'x')
    }
    await expect(all(endless())).rejects.toThrow(/without end/)
  })
})
