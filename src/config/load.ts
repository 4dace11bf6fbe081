import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { parse } from 'yaml'
import type { z } from 'zod'
import { issueText } from './issue-text.ts'
import { configOptions, variableOf } from './options.ts'
import { type Config, configSchema } from './schema.ts'

/** A configuration that cannot be used; the message is one line that says where and what. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

type Tree = { [key: string]: unknown }

/**
 * Joins the sources of configuration: flag, then `SLIPWAY_…` variable, then YAML file, then default.
 * An option that nobody knows is an error in every source.
 */
export function loadConfig(
  flags: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string | undefined>>,
  file: string | undefined = environment.SLIPWAY_CONFIG,
): Config {
  const merged = merge(merge(file === undefined ? {} : readFile(file), fromEnvironment(environment)), { ...flags })
  const result = configSchema.safeParse(merged, { error: issueText })
  if (!result.success) throw new ConfigError(describeIssues(result.error))
  const config = { ...result.data, dataDir: resolve(result.data.dataDir.replace(/^~(?=\/|$)/, homedir())) }
  if (config.auth === 'trust' && !config.trustRemote && !isLoopback(config.host))
    throw new ConfigError(
      `auth trust lets anybody in who reaches ${config.host}; listen on 127.0.0.1, or add --trust-remote if that is meant`,
    )
  return config
}

/** Whether nothing beyond this machine can reach a listener on `host`. */
const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)

function fromEnvironment(environment: Readonly<Record<string, string | undefined>>): Tree {
  const known = new Map(configOptions().map((option) => [variableOf(option.path), option]))
  const tree: Tree = {}
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith('SLIPWAY_') || text === undefined || name === 'SLIPWAY_CONFIG') continue
    const option = known.get(name)
    if (option === undefined) throw new ConfigError(`${name} is not an option of Slipway`)
    place(tree, option.path, option.structured ? parseYaml(text, name) : text)
  }
  return tree
}

function place(tree: Tree, path: readonly string[], value: unknown): void {
  const [head, ...rest] = path as [string, ...string[]]
  if (rest.length === 0) tree[head] = value
  else {
    tree[head] ??= {}
    place(tree[head] as Tree, rest, value)
  }
}

function readFile(file: string): Tree {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigError(`cannot read the configuration file ${file} (${(error as NodeJS.ErrnoException).code})`)
  }
  const parsed = parseYaml(text, file) ?? {}
  if (typeof parsed !== 'object' || Array.isArray(parsed))
    throw new ConfigError(`${file} must hold a mapping of options, such as "port: 8770"`)
  return parsed as Tree
}

function parseYaml(text: string, source: string): unknown {
  try {
    return parse(text)
  } catch (error) {
    throw new ConfigError(`${source} is not valid YAML: ${(error as Error).message.split('\n')[0]}`)
  }
}

function merge(under: Tree, over: Tree): Tree {
  const result: Tree = { ...under }
  for (const [key, value] of Object.entries(over)) {
    if (value === undefined) continue
    const below = result[key]
    result[key] = isTree(below) && isTree(value) ? merge(below, value) : value
  }
  return result
}

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value)

function describeIssues(error: z.ZodError): string {
  return error.issues
    .map((issue) => {
      if (issue.code === 'unrecognized_keys')
        return issue.keys.map((key) => `${[...issue.path, key].join('.')} is not an option of Slipway`).join('; ')
      return `${issue.path.join('.') || 'configuration'}: ${issue.message}`
    })
    .join('; ')
}
