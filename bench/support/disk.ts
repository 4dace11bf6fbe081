import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const record = Buffer.alloc(512, 1)

/** How many appends of 512 bytes, each with an fdatasync, the disk of a directory does in a second, one after the other. */
export function syncsPerSecond(directory: string, seconds: number): number {
  const log = openSync(join(directory, 'log'), 'a')
  const start = performance.now()
  const until = start + seconds * 1000
  let count = 0
  for (; performance.now() < until; count++) {
    writeSync(log, record)
    fdatasyncSync(log)
  }
  closeSync(log)
  return count / ((performance.now() - start) / 1000)
}
