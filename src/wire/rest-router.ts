import type { OperationModel, ServiceDescription } from '../model/service-description.ts'
import type { Detected, WireRequest } from './protocol.ts'

/** A path template taken apart: `/{Bucket}/{Key+}?uploads`. */
interface Route {
  readonly operation: OperationModel
  readonly method: string
  readonly segments: readonly Segment[]
  /** Query parameters the template itself names, with their value where it gives one. */
  readonly literals: readonly (readonly [name: string, value: string | undefined])[]
}

type Segment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'label'; readonly name: string }
  | { readonly kind: 'greedy'; readonly name: string }

const routers = new WeakMap<ServiceDescription, ReadonlyMap<string, readonly Route[]>>()

/** The label's percent-encoding is broken. */
export class MalformedPath extends Error {}

/**
 * Finds the operation of a REST request by method, path and query string. Where several fit, the one that says most
 * wins: more query parameters in its template, then more of its required parameters and headers present, then more
 * literal path segments. One whose required parameters are missing is chosen only when no other is as specific, so
 * that its caller is told what is missing.
 */
export function route(description: ServiceDescription, request: WireRequest): Detected | undefined {
  const query = new URLSearchParams(request.query)
  let best: { entry: Route; raw: Record<string, string> } | undefined
  for (const entry of routesOf(description).get(request.method) ?? []) {
    // Sorted by literals: behind a template with named parameters that fits, plainer ones are out of the question.
    if (best !== undefined && entry.literals.length < best.entry.literals.length) break
    if (!hasLiterals(entry, query)) continue
    const raw = fits(entry, request.path)
    if (raw === undefined) continue
    if (hasDemands(entry, query, request)) return { operation: entry.operation, labels: decodeLabels(raw) }
    if (best === undefined || demandCount(entry) < demandCount(best.entry)) best = { entry, raw }
  }
  return best === undefined ? undefined : { operation: best.entry.operation, labels: decodeLabels(best.raw) }
}

function routesOf(description: ServiceDescription): ReadonlyMap<string, readonly Route[]> {
  const cached = routers.get(description)
  if (cached !== undefined) return cached
  const routes = [...description.operations.values()].map(toRoute).sort(bySpecificity)
  const byMethod = Map.groupBy(routes, (entry) => entry.method)
  routers.set(description, byMethod)
  return byMethod
}

function toRoute(operation: OperationModel): Route {
  const [path = '/', query = ''] = operation.uri.split('?')
  const segments = splitPath(path).map((text): Segment => {
    const label = /^\{([^}+]+)(\+?)\}$/.exec(text)
    if (label === null) return { kind: 'literal', text }
    return { kind: label[2] === '+' ? 'greedy' : 'label', name: label[1] as string }
  })
  const literals =
    query === ''
      ? []
      : query.split('&').map((pair) => {
          const [name = '', value] = pair.split('=')
          return [name, value] as const
        })
  return { operation, method: operation.method, segments, literals }
}

const splitPath = (path: string): string[] => path.split('/').filter((segment) => segment !== '')

function bySpecificity(a: Route, b: Route): number {
  const literalSegments = (entry: Route) => entry.segments.filter((segment) => segment.kind === 'literal').length
  return (
    b.literals.length - a.literals.length ||
    demandCount(b) - demandCount(a) ||
    literalSegments(b) - literalSegments(a) ||
    b.segments.length - a.segments.length ||
    Number(b.operation.implemented) - Number(a.operation.implemented) ||
    (a.operation.name < b.operation.name ? -1 : 1)
  )
}

const demandCount = (entry: Route): number =>
  entry.operation.demandedQuery.length + entry.operation.demandedHeaders.length

const hasLiterals = (entry: Route, query: URLSearchParams): boolean =>
  entry.literals.every(([name, value]) => (value === undefined ? query.has(name) : query.get(name) === value))

/** One of several demanded parameters names the operation: its caller is told that the others are missing. */
const hasDemands = ({ operation }: Route, query: URLSearchParams, request: WireRequest): boolean =>
  (operation.demandedQuery.length === 0 || operation.demandedQuery.some((name) => query.has(name))) &&
  operation.demandedHeaders.every((name) => request.headers[name] !== undefined)

/** Matches the raw path; labels are returned undecoded. A greedy label takes the rest, slashes and all. */
function fits(entry: Route, path: string): Record<string, string> | undefined {
  const labels: Record<string, string> = {}
  let rest = path.startsWith('/') ? path.slice(1) : path
  for (const segment of entry.segments) {
    if (segment.kind === 'greedy') {
      if (rest === '') return undefined
      labels[segment.name] = rest
      return labels
    }
    const slash = rest.indexOf('/')
    const text = slash === -1 ? rest : rest.slice(0, slash)
    rest = slash === -1 ? '' : rest.slice(slash + 1)
    if (segment.kind === 'label') {
      if (text === '') return undefined
      labels[segment.name] = text
    } else if (text !== segment.text) return undefined
  }
  // One slash at the end is tolerated, and was taken with the segment before it.
  return rest === '' ? labels : undefined
}

function decodeLabels(raw: Record<string, string>): Record<string, string> {
  const labels: Record<string, string> = {}
  for (const [name, text] of Object.entries(raw)) {
    try {
      labels[name] = decodeURIComponent(text)
    } catch (cause) {
      throw new MalformedPath(`The path's ${name} is not percent-encoded UTF-8.`, { cause })
    }
  }
  return labels
}
