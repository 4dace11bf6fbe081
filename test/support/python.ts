import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const CLIENTS = fileURLToPath(new URL('../clients/', import.meta.url))
const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url))
const VIRTUAL = fileURLToPath(new URL('../../.venv/bin/python', import.meta.url))

/** The Python of the project's virtual environment, which has the clients; else the machine's. */
export const PYTHON = existsSync(VIRTUAL) ? VIRTUAL : 'python3'

/** Runs a program of test/clients and returns what it printed; rejects with its error output when it fails. */
export const runClient = (
  program: string,
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
  timeout = 110_000,
): Promise<string> => runProgram(`${CLIENTS}${program}`, env, args, timeout)

/** The same of a program of examples/. */
export const runExample = (program: string, env: Readonly<Record<string, string>>, timeout: number): Promise<string> =>
  runProgram(`${EXAMPLES}${program}`, env, [], timeout)

async function runProgram(
  path: string,
  env: Readonly<Record<string, string>>,
  args: readonly string[],
  timeout: number,
): Promise<string> {
  const { stdout } = await run(PYTHON, [path, ...args], {
    env: { PATH: process.env.PATH, HOME: '/nonexistent', PYTHONDONTWRITEBYTECODE: '1', ...env },
    maxBuffer: 16 * 1024 * 1024,
    timeout,
  })
  return stdout
}
