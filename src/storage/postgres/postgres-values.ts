import type { PostgresResult } from './postgres-client.ts'

/** The type of a sum of 8-byte integers, which drivers return as text. */
const NUMERIC = 1700

/** Flags are integer columns, as in SQLite. NUL, which text cannot hold here, becomes U+FFFD, also where it is looked for. */
export const bindable = (parameters: readonly unknown[]): unknown[] =>
  parameters.map((value) => {
    if (typeof value === 'boolean') return Number(value)
    return typeof value === 'string' ? value.replaceAll('\0', '\uFFFD') : value
  })

/** The rows with their integers as SQLite would return them: a number where one can hold it, otherwise a bigint. */
export function normalizedRows(result: PostgresResult): readonly Record<string, unknown>[] {
  const numeric = new Set(result.fields.filter((field) => field.dataTypeID === NUMERIC).map((field) => field.name))
  return result.rows.map((row) => {
    let changed: Record<string, unknown> | undefined
    for (const name in row) {
      const value = row[name]
      const narrowed =
        typeof value === 'bigint' || (typeof value === 'string' && numeric.has(name)) ? narrow(value) : value
      if (narrowed === value) continue
      changed ??= { ...row }
      changed[name] = narrowed
    }
    return changed ?? row
  })
}

function narrow(value: bigint | string): bigint | number | string {
  if (typeof value === 'string' && !/^-?\d+$/.test(value)) return Number(value)
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : BigInt(value)
}
