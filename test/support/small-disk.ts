import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder that holds so few bytes that a test can fill it, or undefined where file systems cannot be mounted. */
export function mountSmallDisk(megabytes: number): { readonly folder: string; unmount(): void } | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-small-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    rmdirSync(folder)
    return undefined
  }
  return {
    folder,
    unmount: () => {
      execFileSync('umount', ['-l', folder])
      rmdirSync(folder)
    },
  }
}

const MIB = 1024 * 1024

/** Writes a file that takes every byte that is left. */
export async function fillDisk(file: string): Promise<void> {
  const handle = await open(file, 'w')
  try {
    for (let size = MIB; size >= 1; size = Math.floor(size / 2)) {
      const block = Buffer.alloc(size)
      for (;;) if ((await handle.write(block).catch(() => ({ bytesWritten: 0 }))).bytesWritten < size) break
    }
  } finally {
    await handle.close()
  }
}
