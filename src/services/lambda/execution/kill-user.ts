import { execFile } from 'node:child_process'
import { isUnprivilegedId } from './unprivileged-ids.ts'

/**
 * Kills everything that runs as a user made for one environment. `kill -1` reaches all that the caller may signal: asked
 * by that user itself, exactly its processes, and none is missed however fast they multiply.
 */
export async function killUser(uid: number): Promise<void> {
  if (!isUnprivilegedId(uid)) throw new RangeError(`${uid} is not a user of a function`)
  await new Promise<void>((resolve) => {
    execFile('/bin/sh', ['-c', 'kill -KILL -1'], { uid, gid: uid, env: {}, cwd: '/' }, () => resolve())
  })
}
