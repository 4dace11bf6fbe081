import { execFile } from 'node:child_process'
import { readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import type { Runtime } from '../../../model/generated/lambda.ts'
import { type RuntimeFamily, runtimeFamily } from '../functions/function-settings.ts'

/** A program on this machine that runs handlers of a family. */
export interface Interpreter {
  readonly family: RuntimeFamily
  readonly path: string
  /** As the program says it: `24.21.0`. */
  readonly version: string
}

const PROGRAMS: Record<RuntimeFamily, RegExp> = {
  nodejs: /^node(js)?[\d.-]*$/,
  python: /^python3?(\.\d+)?$/,
}

/** How far apart two versions are; a newer program counts as slightly nearer than an equally distant older one. */
function distance(family: RuntimeFamily, wanted: readonly number[], version: string): number {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const steps = family === 'nodejs' ? major - wanted[0]! : (major - wanted[0]!) * 100 + minor - (wanted[1] ?? 0)
  return Math.abs(steps) - (steps > 0 ? 0.5 : 0)
}

/** The version a runtime name stands for: `nodejs20.x` → 20, `python3.9` → 3.9; the bare `nodejs` was 0.10. */
const runtimeVersion = (runtime: Runtime): readonly number[] =>
  (/[\d.]+/.exec(runtime)?.[0] ?? '0').split('.').filter(Boolean).map(Number)

/** The nearest of the programs for a runtime name; undefined when there is none of its family. Among equals the newest. */
export function nearestInterpreter(runtime: Runtime, programs: readonly Interpreter[]): Interpreter | undefined {
  const family = runtimeFamily(runtime)
  const wanted = runtimeVersion(runtime)
  return programs
    .filter((program) => program.family === family)
    .toSorted(
      (one, other) =>
        distance(one.family, wanted, one.version) - distance(other.family, wanted, other.version) ||
        other.version.localeCompare(one.version, 'en', { numeric: true }),
    )[0]
}

/** What the function's log says about the choice. */
export function choiceSentence(runtime: Runtime, { family, version }: Interpreter): string {
  const name = family === 'nodejs' ? 'Node.js' : 'Python'
  const [major, minor] = version.split('.')
  const exact = runtime === (family === 'nodejs' ? `nodejs${major}.x` : `python${major}.${minor}`)
  return exact
    ? `INIT_START Runtime Version: ${name} ${version}`
    : `INIT_START Runtime Version: ${name} ${version}, the nearest to ${runtime} on this machine`
}

/**
 * The programs of both families on the path, and the server's own Node, that a process with `identity` can execute.
 * `place` makes the server's Node reachable if it lies where others may not go.
 */
export async function findInterpreters(
  identity: { readonly uid?: number; readonly gid?: number },
  place: (program: string) => Promise<string>,
  path: string = process.env.PATH ?? '',
): Promise<readonly Interpreter[]> {
  const found = new Map<string, RuntimeFamily>([[await realpath(process.execPath), 'nodejs']])
  for (const folder of new Set([...path.split(':').filter(Boolean), '/usr/local/bin', '/usr/bin'])) {
    for (const name of await readdir(folder).catch(() => [])) {
      const family = PROGRAMS.nodejs.test(name) ? 'nodejs' : PROGRAMS.python.test(name) ? 'python' : undefined
      const program = family === undefined ? undefined : await realpath(join(folder, name)).catch(() => undefined)
      if (family !== undefined && program !== undefined && !found.has(program)) found.set(program, family)
    }
  }
  const tried = await Promise.all(
    [...found].map(async ([program, family]): Promise<Interpreter | undefined> => {
      const version = await versionOf(program, identity)
      return version === undefined ? undefined : { family, path: program, version }
    }),
  )
  const usable = tried.filter((interpreter) => interpreter !== undefined)
  const own = await realpath(process.execPath)
  if (usable.some(({ path: program }) => program === own)) return usable
  const placed = await place(own)
  const version = await versionOf(placed, identity)
  return version === undefined ? usable : [...usable, { family: 'nodejs', path: placed, version }]
}

/** Asks a program for its version, as the user that will run it and with nothing of this process's environment. */
function versionOf(program: string, identity: { uid?: number; gid?: number }): Promise<string | undefined> {
  return new Promise((resolve) => {
    const options = {
      ...identity,
      env: { PATH: '/usr/bin:/bin' },
      cwd: '/',
      timeout: 10_000,
      encoding: 'utf8' as const,
    }
    execFile(program, ['--version'], options, (error, stdout) => {
      resolve(error === null ? /^(?:v|Python )(\d+\.\d+\.\d+)/.exec(stdout)?.[1] : undefined)
    })
  })
}
