import { parseArgs } from 'node:util'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'

type Flags = Readonly<Record<string, { readonly type: 'string' | 'boolean'; readonly short?: string }>>

/** The flags of `serve` that are options of the configuration, by flag name. */
export const SERVER_FLAGS = {
  host: { type: 'string' },
  port: { type: 'string' },
  'data-dir': { type: 'string' },
  workers: { type: 'string' },
  runtime: { type: 'string' },
  auth: { type: 'string' },
  'trust-remote': { type: 'boolean' },
  region: { type: 'string' },
  'log-level': { type: 'string' },
  'public-url': { type: 'string' },
  'ca-file': { type: 'string' },
  'stop-containers': { type: 'boolean' },
  config: { type: 'string' },
} as const satisfies Flags

/** The flags every other command shares: where the data and the server are. */
const CLIENT_FLAGS = {
  port: { type: 'string' },
  'data-dir': { type: 'string' },
  config: { type: 'string' },
} as const satisfies Flags

export function serverConfig(args: readonly string[]): Config {
  const { values } = parseArgs({ args: [...args], options: SERVER_FLAGS, allowPositionals: false, strict: true })
  return load(values)
}

/**
 * Reads a client command's arguments: the shared flags become the configuration, the rest is returned. What is no flag
 * is an error unless `positionals` says that the command takes some.
 */
export function clientArguments(
  args: readonly string[],
  own: Flags = {},
  { positionals: allowPositionals = false } = {},
): { config: Config; values: Readonly<Record<string, string | boolean | undefined>>; positionals: readonly string[] } {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { ...CLIENT_FLAGS, ...own },
    allowPositionals,
    strict: true,
  })
  const flat = values as Record<string, string | boolean | undefined>
  const shared = Object.fromEntries(Object.keys(CLIENT_FLAGS).map((name) => [name, flat[name]]))
  return { config: load(shared), values: flat, positionals }
}

function load(values: Readonly<Record<string, string | boolean | undefined>>): Config {
  const { config: file, ...flags } = values
  const camelCase = (name: string) => name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
  const options = Object.fromEntries(Object.entries(flags).map(([name, value]) => [camelCase(name), value]))
  return loadConfig(options, process.env, (file as string | undefined) ?? process.env.SLIPWAY_CONFIG)
}
