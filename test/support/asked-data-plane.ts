import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { afterEach, beforeEach } from 'vitest'
import { DataPlane } from '../../src/dataplane/data-plane.ts'
import type { Invocation, InvocationFailure, RunningInvocation } from '../../src/dataplane/invocation.ts'
import type { InstanceRoute, VariantRoute } from '../../src/dataplane/route.ts'
import { type FakeContainer, httpContainer } from './fake-container.ts'

/** What became of an invocation. */
export interface Outcome {
  status?: number
  headers?: ReadonlyMap<string, string>
  body: string
  failure?: InvocationFailure
}

export const variantOf = (...addresses: string[]): VariantRoute => ({
  name: 'AllTraffic',
  weight: 1,
  share: 1,
  strategy: 'RANDOM',
  instances: addresses.map((address, index): InstanceRoute => ({ id: `i-${index}`, address })),
})

export const collected = (text: string): Pick<Invocation, 'body' | 'contentLength'> => ({
  body: { kind: 'collected', chunks: text === '' ? [] : [Buffer.from(text)] },
  contentLength: text.length,
})

export const streamed = (stream: Readable, length?: number): Pick<Invocation, 'body' | 'contentLength'> => ({
  body: { kind: 'stream', stream, chunked: length === undefined },
  contentLength: length,
})

/** A data plane for each test of a file, and containers that are stopped after it. */
export function askedDataPlane() {
  let plane: DataPlane
  let unreachable: string[]
  const containers: FakeContainer[] = []

  beforeEach(() => {
    unreachable = []
    plane = new DataPlane((instance) => unreachable.push(instance.id))
  })
  afterEach(async () => {
    plane.close()
    await Promise.all(containers.splice(0).map((container) => container.stop()))
  })

  async function started(container: Promise<FakeContainer>): Promise<FakeContainer> {
    containers.push(await container)
    return container
  }

  function invoke(
    variant: VariantRoute,
    what: Partial<Invocation> & Pick<Invocation, 'body' | 'contentLength'>,
    onPart: (bytes: Buffer, running: RunningInvocation) => boolean = () => true,
  ): Promise<Outcome> & { running: RunningInvocation } {
    let running!: RunningInvocation
    const settled = new Promise<Outcome>((resolve) => {
      const outcome: Outcome = { body: '' }
      const settle = () => resolve(outcome)
      running = plane.invoke(
        variant,
        { headerLines: '', timeoutMilliseconds: 10_000, maxResponseBytes: 1e9, ...what },
        {
          onHead: (status, headers) => Object.assign(outcome, { status, headers }),
          onBody: (bytes) => {
            outcome.body += bytes.toString('latin1')
            return onPart(bytes, running)
          },
          onEnd: settle,
          onFailure: (failure) => {
            outcome.failure = failure
            settle()
          },
        },
      )
    })
    return Object.assign(settled, { running })
  }

  return {
    get plane() {
      return plane
    },
    /** Ids of the instances that it has told of. */
    get unreachable(): string[] {
      return unreachable
    },
    ...{ started, invoke },
  }
}

export function textOf(request: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    request.setEncoding('latin1').on('data', (part: string) => {
      text += part
    })
    request.on('end', () => resolve(text))
  })
}

/** A container that answers with what it was sent, and in X-Seen with how. */
export const echo = () =>
  httpContainer(async (request, response) => {
    const { method, url, headers } = request
    const body = await textOf(request)
    response.setHeader('X-Seen', JSON.stringify({ method, url, headers }))
    response.end(body)
  })
