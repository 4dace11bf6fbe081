import { hash } from 'node:crypto'
import type { MetricTarget } from '../facade.ts'

/** A metric with the id that it is stored under. */
export interface Series {
  readonly id: string
  readonly account: string
  readonly region: string
  readonly namespace: string
  readonly name: string
  /** JSON `[[name, value], …]`, ordered by name. */
  readonly dimensions: string
}

/** Dimensions in one spelling, whatever their order: JSON `[[name, value], …]`. */
export const formatDimensions = (dimensions: readonly (readonly [name: string, value: string])[]): string =>
  JSON.stringify([...dimensions].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))

/** In the form that answers have. */
export const parseDimensions = (text: string): { Name: string; Value: string }[] =>
  (JSON.parse(text) as [string, string][]).map(([Name, Value]) => ({ Name, Value }))

export function seriesOf(
  owner: { readonly account: string; readonly region: string },
  namespace: string,
  name: string,
  dimensions: readonly (readonly [string, string])[],
): Series {
  const { account, region } = owner
  const text = formatDimensions(dimensions)
  const id = hash('sha256', JSON.stringify([account, region, namespace, name, text]), 'base64url').slice(0, 22)
  return { id, account, region, namespace, name, dimensions: text }
}

export const seriesOfTarget = (target: MetricTarget): Series =>
  seriesOf(target, target.namespace, target.name, Object.entries(target.dimensions))
