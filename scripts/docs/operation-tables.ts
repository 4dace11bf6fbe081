import { existsSync } from 'node:fs'
import { loadService, type ServiceId } from '../../src/model/service-description.ts'
import type { OperationTable } from '../../src/services/operation.ts'

const tableFile = (id: ServiceId): URL => new URL(`../../src/services/${id}/service.ts`, import.meta.url)

/** The gateway serves these itself: their bodies never become an operation's input. */
const SERVED_BY_GATEWAY: Partial<Record<ServiceId, readonly string[]>> = {
  'sagemaker-runtime': ['InvokeEndpoint', 'InvokeEndpointAsync', 'InvokeEndpointWithResponseStream'],
}

/** Whether anything serves the service. A description alone is a service still to come. */
export const isServed = (id: ServiceId): boolean => SERVED_BY_GATEWAY[id] !== undefined || existsSync(tableFile(id))

/** The names of a service's operations that Slipway implements, as its table says. */
export async function implementedOperations(id: ServiceId): Promise<ReadonlySet<string>> {
  const names = SERVED_BY_GATEWAY[id] ?? Object.keys(await operationTable(id))
  const { operations } = loadService(id)
  for (const name of names) if (!operations.has(name)) throw new Error(`${id} has no operation ${name}`)
  return new Set(names)
}

async function operationTable(id: ServiceId): Promise<OperationTable> {
  const exports = (await import(tableFile(id).href)) as Record<string, unknown>
  const create = Object.entries(exports).find(([name]) => /^create\w+Service$/.test(name))?.[1]
  if (typeof create !== 'function') throw new Error(`src/services/${id}/service.ts exports no create…Service`)
  // A table holds functions that are not called here: what they work with need not exist.
  return create({}) as OperationTable
}
