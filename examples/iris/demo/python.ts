import { type SpawnOptions, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { cleanEnvironment } from './slipway-server.ts'

const PYTHON = fileURLToPath(new URL('../../../.venv/bin/python', import.meta.url))
const EXAMPLE = fileURLToPath(new URL('..', import.meta.url))

/** Runs a program of this example and returns what it prints. */
export async function readPython(args: readonly string[], signal: AbortSignal): Promise<string> {
  return run(args, signal, { env: environment({}), stdio: ['ignore', 'pipe', 'inherit'] })
}

/** Runs a program of this example that speaks to the user itself. Rejects when it fails. */
export async function showPython(
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  await run(args, signal, { env: environment(variables), stdio: ['ignore', 'inherit', 'inherit'] })
}

function run(args: readonly string[], signal: AbortSignal, options: SpawnOptions): Promise<string> {
  const [program, ...rest] = args
  // A process group of its own, so that Ctrl-C reaches it through `signal` alone; and it dies with this process.
  const command = ['--pdeathsig', 'TERM', '--', PYTHON, `${EXAMPLE}${program}`, ...rest]
  const child = spawn('setpriv', command, { ...options, detached: true, signal })
  let text = ''
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(signal.aborted ? signal.reason : error))
    child.once('close', (code, ended) => {
      if (code === 0) resolve(text.trim())
      else reject(new Error(`${program} ended with ${ended ?? `exit code ${code}`}`))
    })
  })
}

const environment = (variables: Readonly<Record<string, string>>): NodeJS.ProcessEnv => ({
  ...cleanEnvironment(),
  // Nothing of the user's own AWS settings, nor a proxy, may stand between the walk and this machine.
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  NO_PROXY: '127.0.0.1',
  no_proxy: '127.0.0.1',
  PYTHONUTF8: '1',
  PYTHONDONTWRITEBYTECODE: '1',
  ...variables,
})
