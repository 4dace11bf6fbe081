import { afterAll, expect, it } from 'vitest'
import { httpContainer } from '../../../../test/support/fake-container.ts'
import { DataPlane } from '../../../dataplane/data-plane.ts'
import type { AsyncDeps, Workplace } from './async-deps.ts'
import type { ClaimedRequest } from './async-request.ts'
import { callContainer } from './container-call.ts'
import { RequestFailure } from './request-failure.ts'

const MIB = 1024 * 1024
const dataPlane = new DataPlane(() => {})
afterAll(() => dataPlane.close())

it('fails for good when one container of a pipeline has too much for the next: so it would another time', async () => {
  const container = await httpContainer((incoming, response) => {
    incoming.resume().on('end', () => response.end(Buffer.alloc(6 * MIB)))
  })
  try {
    const containers = ['one', 'two'].map((name) => ({ name, address: container.address }))
    const instances = [{ id: 'i-1', address: container.address, containers }]
    const variant = {
      name: 'v',
      weight: 1,
      share: 1,
      strategy: 'RANDOM',
      mode: 'Serial',
      containers,
      instances,
    } as const
    const request = { document: { timeoutSeconds: 60 }, breaks: 0 } as unknown as ClaimedRequest
    const call = callContainer(
      { dataPlane } as unknown as AsyncDeps,
      { variant } as unknown as Workplace,
      request,
      { body: { kind: 'collected', chunks: [] }, size: 0, contentType: undefined },
      new AbortController().signal,
    )
    const failure = call.explain(await call.answer.catch((error: unknown) => error))
    call.end()
    expect(failure).toBeInstanceOf(RequestFailure)
    expect(failure).toMatchObject({
      kind: 'InvocationFailures',
      message: expect.stringContaining(`the request payload from one to two is ${6 * MIB} bytes`),
    })
  } finally {
    await container.stop()
  }
})
