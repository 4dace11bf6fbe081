import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { reservePort } from '../../cluster/listen-check.ts'
import type { Config } from '../../config/schema.ts'
import type { RunningServer } from '../running-server.ts'
import { type Finding, ok, problem, warning } from './check.ts'

const GIB = 1024 ** 3
/** Below this an image or a model of usual size no longer fits. */
const LITTLE_SPACE = 10 * GIB
const NO_SPACE = GIB

/** The data directory: is it there, may it be written, does it have room, is it closed to others. */
export function checkDisk({ dataDir }: Config): Finding[] {
  const place = existingParent(dataDir)
  try {
    accessSync(place, constants.W_OK)
  } catch {
    return [
      problem('data directory', `${dataDir} cannot be written`, 'choose another with --data-dir, or change its owner'),
    ]
  }
  const { bavail, bsize } = statfsSync(place)
  const free = bavail * bsize
  const found = `${dataDir}, ${(free / GIB).toFixed(1)} GiB free`
  const advice = 'free some space, or choose a larger disk with --data-dir'
  const space =
    free < NO_SPACE
      ? problem('disk', found, advice)
      : free < LITTLE_SPACE
        ? warning('disk', found, advice)
        : ok('disk', found)
  if (!existsSync(dataDir) || (statSync(dataDir).mode & 0o077) === 0) return [space]
  return [space, warning('data directory', 'other users may read it', `chmod 700 ${dataDir}`)]
}

/** The port: free, or held by a Slipway. */
export async function checkPort({ host, port }: Config, server: RunningServer | undefined): Promise<Finding> {
  if (server !== undefined) return ok('port', `Slipway ${server.version} answers at ${server.url}: ${server.status}`)
  try {
    await reservePort(host, port)
    return ok('port', `${host}:${port} is free`)
  } catch (error) {
    return problem('port', (error as Error).message, 'choose another with --port')
  }
}

export function checkNode(): Finding {
  const major = Number(process.versions.node.split('.')[0])
  return major >= 24
    ? ok('Node.js', process.versions.node)
    : problem('Node.js', process.versions.node, "Node.js 24 or newer is needed: run 'make setup'")
}

function existingParent(directory: string): string {
  return existsSync(directory) ? directory : existingParent(dirname(directory))
}
