import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { randomText } from '../shared/ids.ts'

/**
 * The name of this installation among others that use the same container engine: made once with the data directory
 * and kept in it, so that containers are found again wherever the directory goes.
 */
export async function installationId(directory: string): Promise<string> {
  const file = join(directory, 'installation')
  try {
    await writeFile(file, `${randomText(12)}\n`, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return (await readFile(file, 'utf8')).trim()
}
