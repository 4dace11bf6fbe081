import type { Route } from './route.ts'

/** Reads an endpoint's route from storage; undefined when there is no such endpoint (or it has never served). */
export type RouteLoader = (key: string) => Promise<Route | undefined>

const MAX_ROUTES = 100_000

/** Names the route of an endpoint: names are unique without regard to case. */
export const routeKey = (account: string, region: string, endpointName: string): string =>
  `${account}/${region}/${endpointName.toLowerCase()}`

/**
 * The routes this worker has been asked for. A change drops to a reload; until it has come, and for as long as
 * storage is away, the last known route keeps serving.
 */
export class RouteTable {
  readonly #load: RouteLoader
  readonly #routes = new Map<string, Route | undefined>()
  readonly #loading = new Map<string, Promise<Route | undefined>>()

  constructor(load: RouteLoader) {
    this.#load = load
  }

  /** The route, at once when it is known. */
  find(key: string): Route | undefined | Promise<Route | undefined> {
    return this.#routes.has(key) ? this.#routes.get(key) : this.#reload(key)
  }

  /** The endpoint has changed. `*` says that any may have. */
  refresh(key: string): void {
    const keys = key === '*' ? [...this.#routes.keys()] : [key]
    for (const changed of keys) {
      if (!this.#routes.has(changed) && !this.#loading.has(changed)) continue
      // A load that began before the change may have missed it.
      this.#loading.delete(changed)
      this.#reload(changed).catch(() => {})
    }
  }

  #reload(key: string): Promise<Route | undefined> {
    const running = this.#loading.get(key)
    if (running !== undefined) return running
    const loading = this.#load(key).then(
      (route) => {
        if (this.#loading.get(key) === loading) {
          this.#loading.delete(key)
          this.#keep(key, route)
        }
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

  #keep(key: string, route: Route | undefined): void {
    // Names that do not exist are remembered too, so the table is bounded against a caller who makes them up.
    if (this.#routes.size >= MAX_ROUTES && !this.#routes.has(key))
      this.#routes.delete(this.#routes.keys().next().value as string)
    this.#routes.set(key, route)
  }
}
