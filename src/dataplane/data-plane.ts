import { Attempt, type Target, type Targets } from './attempt.ts'
import { Chain } from './chain.ts'
import type { InstanceHolds } from './instance-holds.ts'
import type { Invocation, InvocationSink, RunningInvocation } from './invocation.ts'
import { chooseInstance, type InstanceRoute, type VariantRoute } from './route.ts'
import { ConnectionPool } from './upstream/pool.ts'

/** An instance that refused a connection gets no requests for this long, while others take them. */
const AVOID_MILLISECONDS = 1_000
/** Pools of instances that have left every route are forgotten when nothing has used them for this long. */
const UNUSED_POOL_MILLISECONDS = 60_000

const NONE: ReadonlySet<string> = new Set()

/** Told when an instance could not be reached, so that its endpoint is looked after at once. */
export type UnreachableListener = (instance: InstanceRoute) => void

/** Sends invocations to containers: picks the instance, goes to another when one is not there, streams the answer. */
export class DataPlane implements Targets {
  readonly #targets = new Map<string, Target>()
  readonly #avoided = new Map<string, number>()
  readonly #onUnreachable: UnreachableListener
  readonly #holds: InstanceHolds | undefined
  readonly #sweeper: NodeJS.Timeout

  constructor(onUnreachable: UnreachableListener, holds?: InstanceHolds) {
    this.#onUnreachable = onUnreachable
    this.#holds = holds
    this.#sweeper = setInterval(() => this.#sweep(), UNUSED_POOL_MILLISECONDS)
    this.#sweeper.unref()
  }

  /** Sends one invocation to an instance of `variant`. Every failure, the first included, is told to the sink. */
  invoke(variant: VariantRoute, invocation: Invocation, sink: InvocationSink): RunningInvocation {
    const Way = variant.containers === undefined ? Attempt : Chain
    return new Way(this, variant, invocation, sink)
  }

  /**
   * An instance has left its route. If it still owes this worker answers, it is held until it has given them, so that
   * nobody ends it before.
   */
  retire(instance: InstanceRoute): void {
    // A request that is on its way by an older route goes elsewhere, if it has to go anywhere yet.
    this.#avoided.set(instance.id, performance.now() + AVOID_MILLISECONDS)
    const { containers = [instance] } = instance
    // Of a chain the first container's target owes all; of containers that are asked directly each owes its own.
    const owing = containers
      .map(({ address }) => this.#targets.get(address))
      .filter((target) => target !== undefined && target.outstanding > 0)
    if (this.#holds === undefined || owing.length === 0) return
    this.#holds.hold(instance.id)
    let left = owing.length
    for (const target of owing) {
      if (target === undefined) continue
      target.onIdle = () => {
        target.onIdle = undefined
        if (--left === 0) this.#holds?.release(instance.id)
      }
    }
  }

  close(): void {
    clearInterval(this.#sweeper)
    this.#holds?.stop()
    for (const target of this.#targets.values()) target.pool.close()
    this.#targets.clear()
  }

  choose(variant: VariantRoute, tried: ReadonlySet<string>): InstanceRoute | undefined {
    const left =
      tried.size === 0
        ? variant
        : { ...variant, instances: variant.instances.filter((instance) => !tried.has(instance.id)) }
    const outstanding = (instance: InstanceRoute) => this.#targets.get(instance.address)?.outstanding ?? 0
    return chooseInstance(left, this.#avoidedNow(), outstanding, Math.random())
  }

  /** The instances that could not be reached a moment ago. */
  #avoidedNow(): ReadonlySet<string> {
    if (this.#avoided.size === 0) return NONE
    const now = performance.now()
    for (const [id, until] of this.#avoided) if (until <= now) this.#avoided.delete(id)
    return new Set(this.#avoided.keys())
  }

  unreachable(instance: InstanceRoute): void {
    this.#avoided.set(instance.id, performance.now() + AVOID_MILLISECONDS)
    this.#onUnreachable(instance)
  }

  target({ address }: { readonly address: string }): Target {
    let target = this.#targets.get(address)
    if (target === undefined) {
      target = { pool: new ConnectionPool(address), outstanding: 0, lastUse: 0, onIdle: undefined }
      this.#targets.set(address, target)
    }
    return target
  }

  #sweep(): void {
    const oldest = performance.now() - UNUSED_POOL_MILLISECONDS
    for (const [address, target] of this.#targets)
      if (target.outstanding === 0 && target.lastUse < oldest) {
        target.pool.close()
        this.#targets.delete(address)
      }
  }
}
