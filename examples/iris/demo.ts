// `make demo`: the whole product in one walk. Starts what it needs, walks (walk.py), stops what it has started.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { anyEngine } from '../../scripts/machine/any-engine.ts'
import { checkNoContainers, removeImages } from './demo/leftovers.ts'
import { startPrivateRegistry } from './demo/private-registry.ts'
import { readPython, showPython } from './demo/python.ts'
import { paint, say, step } from './demo/screen.ts'
import { buildServerImage } from './demo/server-image.ts'
import { type SlipwayServer, startSlipwayServer } from './demo/slipway-server.ts'

/** What must be undone, whatever happens; undone in the opposite order. */
type Started = AsyncDisposableStack

async function demo(started: Started, signal: AbortSignal): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-demo-'))
  started.defer(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }))

  say(paint('bold', 'What a company has already'))
  const engine = await step('container engine', needEngine, ({ kind, ours, socket }) =>
    ours ? `${kind}, started for this demo` : `${kind} at ${socket}`,
  )
  started.defer(() => engine.stop())
  signal.throwIfAborted()
  await step(
    'train a model on 120 iris flowers',
    () => readPython(['train.py', directory], signal),
    (text) => text,
  )
  const registry = await step(
    'private Docker registry that demands a login',
    () => startPrivateRegistry(join(directory, 'registry'), engine),
    ({ host }) => host,
  )
  started.defer(() => registry.stop())
  started.defer(() => removeImages(engine, registry.host))
  signal.throwIfAborted()
  const image = await step(
    "the model server's image, built and pushed there",
    async () => registry.push(await buildServerImage(directory), 'iris/server', '1'),
    (reference) => reference,
  )
  signal.throwIfAborted()

  say(paint('bold', '\nSlipway, and the walk of a SageMaker user'))
  const dataDir = join(directory, 'data')
  const { caFile, credentials } = registry
  const server = await step(
    'start Slipway',
    () => startSlipwayServer(dataDir, { engineSocket: engine.socket, caFile }),
    ({ url }) => url,
  )
  started.defer(() => server.stop())
  signal.throwIfAborted()
  const variables = {
    ...server.clientEnvironment,
    IRIS_IMAGE: image,
    REGISTRY_USERNAME: credentials.username,
    REGISTRY_PASSWORD: credentials.password,
    MODEL_ARCHIVE: join(directory, 'model.tar.gz'),
  }
  try {
    await showPython(['walk.py'], variables, signal)
    await step('see that no container is left', () => checkNoContainers(engine, dataDir))
  } catch (error) {
    if (!signal.aborted) showServerLog(server)
    throw error
  }
}

async function needEngine() {
  const engine = await anyEngine()
  if (engine !== undefined) return engine
  throw new Error('no Docker or Podman answers here, and none can be started: install Docker, or run this as root')
}

function showServerLog(server: SlipwayServer): void {
  say(paint('bold', "\nThe end of the server's log"))
  say(server.lastLines(30))
}

const NEXT = `
${paint('bold', 'What to try next')}
  make up                      starts the same server, to keep
  eval "$(bin/slipway env)"    points boto3, the AWS CLI and every AWS SDK at it
  examples/iris/walk.py        is the walk above: SageMaker code without one line of Slipway
  bin/slipway --help           status, logs and doctor
`

const interruption = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => interruption.abort(new Error(name)))
}
// The terminal may be gone before everything is stopped.
process.stdout.on('error', () => {})

const started = new AsyncDisposableStack()
try {
  await demo(started, interruption.signal)
} catch (error) {
  const what = interruption.signal.aborted ? 'The demo was stopped' : 'The demo has failed'
  say(`\n${paint('red', what)}: ${(error as Error).message}`)
  process.exitCode = 1
}
try {
  await step('stop everything that was started', () => started.disposeAsync())
} catch (error) {
  say(`${paint('red', 'Not everything could be stopped')}: ${(error as Error).message}`)
  process.exitCode = 1
}
if (process.exitCode !== 1) say(NEXT)
