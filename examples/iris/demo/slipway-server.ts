import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startProcess } from '../../../scripts/machine/process.ts'

const SLIPWAY = fileURLToPath(new URL('../../../bin/slipway', import.meta.url))

export interface SlipwayServer {
  readonly url: string
  /** What points AWS clients at the server: what `slipway env` prints. */
  readonly clientEnvironment: Readonly<Record<string, string>>
  /** The end of what the server has printed. */
  lastLines(count: number): string
  /** Stops the server and removes its containers. */
  stop(): Promise<void>
}

/** Runs `slipway serve` on a free port. */
export async function startSlipwayServer(
  dataDir: string,
  options: { readonly engineSocket: string; readonly caFile: string },
): Promise<SlipwayServer> {
  const env = { ...cleanEnvironment(), DOCKER_HOST: options.engineSocket }
  const flags = ['--port', '0', '--data-dir', dataDir, '--ca-file', options.caFile, '--stop-containers']
  const server = startProcess(SLIPWAY, ['serve', ...flags], { env })
  try {
    const [, url = ''] = await server.waitForOutput(/ready at (http:\S+)/, 30_000)
    const { stdout } = await promisify(execFile)(SLIPWAY, ['env', '--json', '--data-dir', dataDir], { env })
    return {
      url,
      clientEnvironment: JSON.parse(stdout) as Record<string, string>,
      lastLines: (count) => server.output().trimEnd().split('\n').slice(-count).join('\n'),
      stop: () => server.stop(20_000),
    }
  } catch (error) {
    await server.stop()
    throw error
  }
}

/** The environment without what configures Slipway or AWS clients: the demo must be the same everywhere. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(SLIPWAY|AWS)_/.test(name)))
}
