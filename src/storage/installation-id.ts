import { randomBytes } from 'node:crypto'
import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { randomText } from '../shared/ids.ts'

/**
 * The name of this installation among others that use the same container engine: made once with the data directory
 * and kept in it, so that containers are found again wherever the directory goes. Workers that start at the same moment
 * end up with the same name.
 */
export async function installationId(directory: string): Promise<string> {
  const file = join(directory, 'installation')
  return (await read(file)) ?? (await create(file))
}

async function read(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Written whole under another name, then linked: whoever sees the file sees all of it, and the first one wins. */
async function create(file: string): Promise<string> {
  const draft = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`
  try {
    await writeFile(draft, `${randomText(12)}\n`, { flag: 'wx', mode: 0o600, flush: true })
    await link(draft, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  } finally {
    await rm(draft, { force: true })
  }
  return (await readFile(file, 'utf8')).trim()
}
