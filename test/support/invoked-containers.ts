import { afterEach } from 'vitest'
import type { VariantRoute } from '../../src/dataplane/route.ts'
import { type FakeContainer, httpContainer, socketContainer } from './fake-container.ts'
import { type GatewayOptions, type InvocationGateway, startInvocationGateway } from './invocation-gateway.ts'

/** A variant of one instance. */
export const variant = (container: { address: string }, over: Partial<VariantRoute> = {}): VariantRoute => ({
  name: 'AllTraffic',
  weight: 1,
  share: 1,
  strategy: 'RANDOM',
  instances: [{ id: 'i-1', address: container.address }],
  ...over,
})

/** Gateways and containers for the tests of one file, stopped after each of them. */
export function invokedContainers() {
  const running: { stop(): Promise<void> }[] = []
  afterEach(async () => {
    for (const part of running.splice(0)) await part.stop()
  })

  async function started<T extends { stop(): Promise<void> }>(part: Promise<T>): Promise<T> {
    running.push(await part)
    return part
  }
  const gatewayOf = (options?: GatewayOptions) => started(startInvocationGateway(options))

  /** A container that answers with what it was sent, headers and all. */
  const mirror = () =>
    started(
      httpContainer((incoming, response) => {
        const parts: Buffer[] = []
        incoming.on('data', (part: Buffer) => parts.push(part))
        incoming.on('end', () => {
          const body = Buffer.concat(parts)
          response.end(
            JSON.stringify({ headers: incoming.headers, length: body.length, text: body.toString('latin1', 0, 100) }),
          )
        })
      }),
    )

  const answering = (answer: string) =>
    started(socketContainer((socket) => socket.on('data', () => socket.write(Buffer.from(answer, 'latin1')))))

  async function withContainer(container: FakeContainer, options?: GatewayOptions): Promise<InvocationGateway> {
    const gateway = await gatewayOf(options)
    gateway.route('iris', { variants: [variant(container)] })
    return gateway
  }

  return { started, gatewayOf, mirror, answering, withContainer }
}
