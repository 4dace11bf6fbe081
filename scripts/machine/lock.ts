import { readFileSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

/** Runs `action` while no other process of this machine is inside the same lock; a lock of a dead process is void. */
export async function withLock<T>(file: string, action: () => Promise<T>, timeout = 60_000): Promise<T> {
  const deadline = performance.now() + timeout
  for (;;) {
    try {
      await writeFile(file, String(process.pid), { flag: 'wx' })
      break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const owner = Number(await readFile(file, 'utf8').catch(() => '0'))
    if (owner !== 0 && !isAlive(owner)) await rm(file, { force: true })
    else if (performance.now() > deadline) throw new Error(`${file} has been held by process ${owner} for too long`)
    else await delay(25)
  }
  try {
    return await action()
  } finally {
    await rm(file, { force: true })
  }
}

/** Whether a process exists and is not a zombie that nobody has reaped yet. */
export function isAlive(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return status.slice(status.lastIndexOf(')') + 2, status.lastIndexOf(')') + 3) !== 'Z'
  } catch {
    return false
  }
}
