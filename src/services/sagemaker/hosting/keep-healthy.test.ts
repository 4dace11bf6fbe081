import { afterEach, expect, it } from 'vitest'
import { deadAddress, type FakeContainer, httpContainer } from '../../../../test/support/fake-container.ts'
import { type ContainerRuntime, type ContainerState, RuntimeError } from '../../../runtime/container-runtime.ts'
import type { Bell } from './instance-bells.ts'
import { keepHealthy } from './keep-healthy.ts'

const started: FakeContainer[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((container) => container.stop()))
})

const answering = async (status: () => number) => {
  const container = await httpContainer((_request, response) => response.writeHead(status()).end())
  started.push(container)
  return container.address
}

/** What the engine says of each container, by its id; a container that it is not told of runs where it did. */
const engine = (
  told: Readonly<Record<string, Partial<ContainerState> | 'gone' | 'away'>>,
  addresses: readonly string[],
) =>
  ({
    inspectContainer: async (id: string) => {
      const state = told[id]
      if (state === 'gone') return undefined
      if (state === 'away') throw new RuntimeError('unreachable', 'away')
      return { running: true, address: addresses[Number(id)], outOfMemory: false, exitCode: undefined, ...state }
    },
  }) as unknown as ContainerRuntime

const rows = (...addresses: readonly string[]) =>
  addresses.map((address, position) => ({
    position,
    name: `c${position + 1}`,
    container_id: String(position),
    address,
  }))

/** Rings each time it is waited for, so many times; then nothing happens any more. */
const bell = (rings: number, onRing: () => void = () => {}): Bell => ({
  wait: (_milliseconds, signal) =>
    new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      if (rings-- > 0) {
        onRing()
        resolve(false)
      }
    }),
  close: () => {},
})

const never = new AbortController().signal

it('ends with the first of several containers that the engine says has ended, by name', async () => {
  const addresses = [await answering(() => 200), await answering(() => 200)]
  const told = { 1: { running: false, exitCode: 7 } }
  expect(await keepHealthy(engine(told, addresses), rows(...addresses), bell(0), never)).toEqual({
    kind: 'failed',
    detail: 'c2: The container ended with exit code 7.',
  })
  expect(await keepHealthy(engine({ 0: 'gone' }, addresses), rows(...addresses), bell(0), never)).toMatchObject({
    detail: 'c1: The container is gone.',
  })
})

it('says of a lone container no name', async () => {
  const address = await deadAddress()
  expect(await keepHealthy(engine({}, [address]), rows(address), bell(9), never)).toMatchObject({
    kind: 'failed',
    detail: '/ping could not be reached (ECONNREFUSED) (3 times in a row).',
  })
})

it('gives the instance up when one container no longer answers, while the others do', async () => {
  let status = 200
  const addresses = [await answering(() => 200), await answering(() => status)]
  let looks = 0
  const ring = () => {
    if (++looks === 2) status = 503
  }
  expect(await keepHealthy(engine({}, addresses), rows(...addresses), bell(9, ring), never)).toEqual({
    kind: 'failed',
    detail: 'c2: /ping answered 503 (3 times in a row).',
  })
  expect(looks).toBe(5)
})

it('tells which container has another address', async () => {
  const addresses = [await answering(() => 200), await answering(() => 200)]
  const told = { 1: { address: '127.0.0.1:9' } }
  expect(await keepHealthy(engine(told, addresses), rows(...addresses), bell(0), never)).toMatchObject({
    kind: 'moved',
    position: 1,
    address: '127.0.0.1:9',
  })
})

it('concludes nothing while the engine is away', async () => {
  const address = await deadAddress()
  const stopping = new AbortController()
  let looks = 0
  const ring = () => {
    if (++looks === 6) stopping.abort(new Error('enough'))
  }
  const kept = keepHealthy(engine({ 0: 'away' }, [address]), rows(address), bell(9, ring), stopping.signal)
  await expect(kept).rejects.toThrow('enough')
})
