import { randomBytes } from 'node:crypto'
import { pushImage } from '../../scripts/images/push-image.ts'
import { eventually } from './eventually.ts'
import { type Forwarder, forwarder } from './forwarder.ts'
import { type Registry, startRegistry } from './registry.ts'
import { buildTestImages } from './test-image.ts'

const MIB = 1024 * 1024

/** An image that takes a while to pull, so that something can happen in the middle of that. */
export interface LargePull {
  /** `127.0.0.1:40123/team/large:1`, by way of the forwarder. Its layer has more than 30 MiB, which nothing packs. */
  readonly image: string
  readonly registry: Registry
  /** What stands before the registry. */
  readonly proxy: Forwarder
  /** Puts the image into another registry too. */
  push(url: string): Promise<void>
  /** Has `act` called once, when so many bytes more have been sent; what is returned resolves when that has been. */
  strikeAfter(bytes: number, act: () => void): () => Promise<void>
  stop(): Promise<void>
}

/** A registry without login that has it, and a forwarder before that. */
export async function largePull(): Promise<LargePull> {
  const [images, registry] = await Promise.all([
    buildTestImages(randomBytes(30 * MIB).toString('latin1')),
    startRegistry({ auth: 'none' }),
  ])
  const push = async (url: string) => {
    await pushImage(images.image(), { url, repository: 'team/large', tag: '1' })
  }
  await push(registry.url)
  const proxy = await forwarder(registry.host)
  let sent = 0
  return {
    image: `127.0.0.1:${proxy.port}/team/large:1`,
    ...{ registry, proxy, push },
    strikeAfter(bytes, act) {
      const until = sent + bytes
      let struck = false
      proxy.onBytes = (total) => {
        sent = total
        if (struck || total < until) return
        struck = true
        act()
      }
      return () =>
        eventually(() => {
          if (!struck) throw new Error(`${bytes} bytes of the image have not been pulled`)
        }, 30_000)
    },
    stop: async () => {
      await Promise.all([proxy.stop(), registry.stop(), images.remove()])
    },
  }
}
