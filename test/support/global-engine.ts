import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { type EngineKind, type LocalEngine, startEngine } from '../../scripts/machine/engine.ts'
import { removeStaleDirectories, temporaryDirectory } from './temporary-directory.ts'

/**
 * Lends all test files of a run the same engines. None is started before a file asks: files reach this process over a
 * socket named in TEST_ENGINES_SOCKET (see shared-engine.ts), and what was started is stopped at the end of the run. The first of the
 * projects that ask does it for all.
 */
export async function setup(): Promise<() => Promise<void>> {
  if (process.env.TEST_ENGINES_SOCKET !== undefined) return async () => {}
  await removeStaleDirectories()
  const directory = await temporaryDirectory()
  const engines = new Map<string, Promise<LocalEngine>>()
  const server = createServer((request, response) => {
    const kind = (request.url ?? '').slice(1) as EngineKind
    let engine = engines.get(kind)
    if (engine === undefined) {
      engine = startEngine(kind)
      engines.set(kind, engine)
    }
    engine.then(
      ({ socket, ours }) => response.end(JSON.stringify({ kind, socket, ours })),
      (error: Error) => response.writeHead(500).end(error.message),
    )
  })
  const path = join(directory.path, 'engines.sock')
  await new Promise<void>((resolve) => server.listen(path, resolve))
  process.env.TEST_ENGINES_SOCKET = path
  return () => teardown(server, engines, directory.remove)
}

async function teardown(server: Server, engines: Map<string, Promise<LocalEngine>>, remove: () => Promise<void>) {
  server.close()
  server.closeAllConnections()
  const started = await Promise.allSettled(engines.values())
  await Promise.all(started.map((result) => (result.status === 'fulfilled' ? result.value.stop() : undefined)))
  await remove()
}
