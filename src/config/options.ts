import { z } from 'zod'
import { configSchema, registrySchema } from './schema.ts'

/** An option as people see it. */
export interface ConfigOption {
  /** Its name, behind that of its group if it is in one. */
  readonly path: readonly string[]
  readonly description: string
  /** What holds when nobody sets it; undefined when nothing does. */
  readonly fallback: unknown
  /** Whether its value is a list or a mapping, which a variable holds as YAML. */
  readonly structured: boolean
}

/** Every option, in the order of the schema; groups are opened. */
export const configOptions = (): readonly ConfigOption[] => optionsOf(configSchema, [])

/** What an entry of `registries` may hold. */
export const registryOptions = (): readonly ConfigOption[] => optionsOf(registrySchema, [])

/** The variable of an option: `limits.invocationBytes` is SLIPWAY_LIMITS_INVOCATION_BYTES. */
export const variableOf = (path: readonly string[]): string =>
  `SLIPWAY_${path.map((name) => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()).join('_')}`

function optionsOf(group: z.ZodObject, prefix: readonly string[]): ConfigOption[] {
  return Object.entries(group.shape).flatMap(([name, schema]) => {
    const path = [...prefix, name]
    const { inner, fallback } = unwrap(schema as z.ZodType)
    if (inner instanceof z.ZodObject) return optionsOf(inner, path)
    const structured = inner instanceof z.ZodArray || inner instanceof z.ZodRecord
    return [{ path, description: (schema as z.ZodType).description ?? '', fallback, structured }]
  })
}

/** What is below defaults and optionality, and the default. */
function unwrap(schema: z.ZodType): { inner: z.ZodType; fallback: unknown } {
  if (schema instanceof z.ZodDefault)
    return { inner: schema.unwrap() as z.ZodType, fallback: schema.def.defaultValue as unknown }
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) return unwrap(schema.unwrap() as z.ZodType)
  return { inner: schema, fallback: undefined }
}
