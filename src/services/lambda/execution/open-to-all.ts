import { stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, resolve } from 'node:path'

const OTHERS_MAY_ENTER = 0o001

/**
 * The temporary directory, or another one if users without rights cannot walk to it: some systems give each user a
 * private one, and functions of a server that runs as root are such users.
 */
export async function temporaryDirectoryForAll(
  candidates: readonly string[] = [tmpdir(), '/var/tmp', '/tmp'],
): Promise<string> {
  for (const path of candidates) if (await isOpenToAll(path)) return path
  return tmpdir()
}

/** Whether everybody may walk through a directory and all those above it. */
async function isOpenToAll(directory: string): Promise<boolean> {
  for (let path = resolve(directory); ; path = dirname(path)) {
    const state = await stat(path).catch(() => undefined)
    if (state === undefined || !state.isDirectory() || (state.mode & OTHERS_MAY_ENTER) === 0) return false
    if (path === '/') return true
  }
}
