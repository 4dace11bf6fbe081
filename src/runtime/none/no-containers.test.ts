import { describe, expect, it } from 'vitest'
import { createNoContainers } from './no-containers.ts'

describe('the runtime without containers', () => {
  const runtime = createNoContainers()
  const signal = AbortSignal.timeout(10_000)

  it('describes the machine and has nothing', async () => {
    expect(runtime.name).toBe('none')
    expect((await runtime.describe(signal)).cpus).toBeGreaterThan(0)
    expect(await runtime.listContainers({}, signal)).toEqual([])
    expect(await runtime.findImage('x', signal)).toBeUndefined()
    expect(await runtime.inspectContainer('x', signal)).toBeUndefined()
    await runtime.removeContainer('x', 1, signal)
    await runtime.close()
  })

  it('says that nothing runs to whoever wants something run', async () => {
    const refusal = { name: 'RuntimeError', reason: 'no-containers', message: expect.stringMatching(/--runtime none/) }
    await expect(runtime.pullImage({ reference: 'x' }, signal)).rejects.toMatchObject(refusal)
    await expect(runtime.startContainer({} as never, signal)).rejects.toMatchObject(refusal)
    const logs = runtime.readLogs('x', { follow: false }, signal)[Symbol.asyncIterator]()
    await expect(logs.next()).rejects.toMatchObject(refusal)
  })

  it('watches in silence until it is told to stop', async () => {
    const given = new AbortController()
    const watching = (async () => {
      for await (const event of runtime.watch({}, given.signal)) throw new Error(`an event: ${event.kind}`)
    })()
    given.abort()
    await watching
    for await (const event of runtime.watch({}, given.signal)) throw new Error(`an event: ${event.kind}`)
  })
})
