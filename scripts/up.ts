// `make up`: the server, kept until Ctrl-C. A machine without a container engine gets one for as long as the server runs.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { anyEngine, type UsableEngine } from './machine/any-engine.ts'

const SLIPWAY = fileURLToPath(new URL('../bin/slipway', import.meta.url))

/** What to do next. Other terminals do not know the variables of this one. */
function hint(): string {
  const { SLIPWAY_DATA_DIR: dataDir } = process.env
  const here = dataDir ? ` --data-dir '${resolve(dataDir)}'` : ''
  return `
In another terminal:
  eval "$(bin/slipway env${here})"    points boto3, the AWS CLI and every AWS SDK at it
  bin/slipway status${here}           shows endpoints and their instances
Ctrl-C stops the server.
`
}

/** Resolves when the first of SIGINT, SIGTERM and SIGHUP arrives; further ones change nothing. */
function stopRequested(): Promise<void> {
  return new Promise((stopped) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stopped())
  })
}

/** Runs the server until it ends or `stop` resolves; returns its exit code. */
async function runServer(engine: UsableEngine | undefined, stop: Promise<void>): Promise<number> {
  const env = { ...process.env, ...(engine && { DOCKER_HOST: engine.socket }) }
  const args = ['serve', ...(engine?.ours ? ['--stop-containers'] : [])]
  // A process group of its own: Ctrl-C reaches this process, which asks the server. It dies with this process.
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', SLIPWAY, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  child.stdout.on('data', (chunk: Buffer) => {
    process.stdout.write(chunk)
    if (chunk.includes(' is ready at ')) process.stdout.write(hint())
  })
  void stop.then(() => child.kill('SIGTERM'))
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  if (signal !== null) console.error(`slipway: the server was ended by ${signal}; 'make up' goes on where it was`)
  return code ?? 1
}

// The terminal may be gone before everything is stopped.
process.stdout.on('error', () => {})
const stop = stopRequested()
let engine: UsableEngine | undefined
try {
  engine = await anyEngine()
  if (engine?.ours) console.log(`No container engine answers here: ${engine.kind} is started for this server alone.`)
  process.exitCode = await runServer(engine, stop)
} catch (error) {
  console.error(`slipway: ${(error as Error).message}`)
  process.exitCode = 1
} finally {
  await engine?.stop()
}
