import type { InstanceRoute, Route } from './route.ts'

/** Reads an endpoint's route from storage; undefined when there is no such endpoint (or it has never served). */
export type RouteLoader = (key: string) => Promise<Route | undefined>

const MAX_ROUTES = 100_000
/** A changed route that could not be read is tried again after this long. */
const RETRY_MILLISECONDS = 1_000

/** Told which instances an endpoint no longer sends requests to, as soon as this worker no longer does. */
export type RetirementListener = (instance: InstanceRoute) => void

/** Names the route of an endpoint: names are unique without regard to case. */
export const routeKey = (account: string, region: string, endpointName: string): string =>
  `${account}/${region}/${endpointName.toLowerCase()}`

/**
 * The routes this worker has been asked for. A change leads to a reload; until it has come, and for as long as
 * storage is away, the last known route keeps serving.
 */
export class RouteTable {
  readonly #load: RouteLoader
  readonly #onRetired: RetirementListener
  readonly #retryMilliseconds: number
  readonly #routes = new Map<string, Route | undefined>()
  readonly #loading = new Map<string, Promise<Route | undefined>>()
  /** Routes that have changed and have not been read since, with those who wait until they have. */
  readonly #outdated = new Map<string, (() => void)[]>()

  constructor(
    load: RouteLoader,
    onRetired: RetirementListener = () => {},
    retryMilliseconds: number = RETRY_MILLISECONDS,
  ) {
    this.#load = load
    this.#onRetired = onRetired
    this.#retryMilliseconds = retryMilliseconds
  }

  /** The route, at once when it is known. */
  find(key: string): Route | undefined | Promise<Route | undefined> {
    const known = this.#routes.get(key)
    return known !== undefined || this.#routes.has(key) ? known : (this.#loading.get(key) ?? this.#reload(key))
  }

  /** The endpoint has changed. `*` says that any may have. */
  refresh(key: string): void {
    const keys = key === '*' ? new Set([...this.#routes.keys(), ...this.#loading.keys()]) : [key]
    for (const changed of keys) {
      if (!this.#routes.has(changed) && !this.#loading.has(changed)) continue
      if (!this.#outdated.has(changed)) this.#outdated.set(changed, [])
      this.#reload(changed).catch(() => this.#retryLater(changed))
    }
  }

  /** Resolves when no request is sent any more by what the route was before the changes that have been heard of. */
  caughtUp(key: string): Promise<void> {
    const waiting = this.#outdated.get(key)
    return waiting === undefined ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))
  }

  /** Whether any instance is known that requests are sent to. */
  get serves(): boolean {
    for (const route of this.#routes.values())
      if (route?.variants.some(({ instances }) => instances.length > 0)) return true
    return false
  }

  /** Begins a load that takes the place of one under way: what began before a change may have missed it. */
  #reload(key: string): Promise<Route | undefined> {
    const loading: Promise<Route | undefined> = this.#load(key).then(
      (route) => {
        if (this.#loading.get(key) !== loading) return this.find(key)
        this.#loading.delete(key)
        this.#keep(key, route)
        return route
      },
      (error: unknown) => {
        if (this.#loading.get(key) === loading) this.#loading.delete(key)
        throw error
      },
    )
    this.#loading.set(key, loading)
    return loading
  }

  #retryLater(key: string): void {
    // Nothing is sent by what is not known.
    if (!this.#routes.has(key)) return this.#upToDate(key)
    setTimeout(() => {
      if (this.#routes.has(key)) this.refresh(key)
      else this.#upToDate(key)
    }, this.#retryMilliseconds).unref()
  }

  #keep(key: string, route: Route | undefined): void {
    // Names that do not exist are remembered too, so the table is bounded against a caller who makes them up.
    if (this.#routes.size >= MAX_ROUTES && !this.#routes.has(key))
      this.#routes.delete(this.#routes.keys().next().value as string)
    const before = this.#routes.get(key)
    this.#routes.set(key, route)
    if (before !== undefined) for (const instance of missing(before, route)) this.#onRetired(instance)
    this.#upToDate(key)
  }

  #upToDate(key: string): void {
    const waiting = this.#outdated.get(key)
    this.#outdated.delete(key)
    for (const resolve of waiting ?? []) resolve()
  }
}

function missing(before: Route, after: Route | undefined): readonly InstanceRoute[] {
  const left = new Set(after?.variants.flatMap(({ instances }) => instances.map(({ id }) => id)))
  return before.variants.flatMap(({ instances }) => instances.filter(({ id }) => !left.has(id)))
}
