import { randomBytes } from 'node:crypto'
import { chmod, link, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createSealedBox, type SealedBox } from '../shared/sealed-box.ts'
import { StartError } from '../shared/start-error.ts'

const LENGTH = 32

/**
 * The box under the key in `master.key` of the data directory, which is made on the first start, readable by its owner
 * alone. Workers that start at the same moment end up with the same key.
 * @throws StartError when the file cannot be read or made, or is no key
 */
export async function openMasterKey(directory: string): Promise<SealedBox> {
  const file = join(directory, 'master.key')
  try {
    const key = (await read(file)) ?? (await create(directory, file))
    if (key.length !== LENGTH)
      throw new StartError(`${file} is damaged: it must hold ${LENGTH} bytes; restore it from a backup`)
    return createSealedBox(key)
  } catch (error) {
    if (error instanceof StartError) throw error
    throw new StartError(`cannot read or write ${file} (${(error as NodeJS.ErrnoException).code ?? error})`)
  }
}

async function read(file: string): Promise<Buffer | undefined> {
  try {
    const key = await readFile(file)
    await chmod(file, 0o600)
    return key
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Written whole under another name, then linked: whoever sees the file sees all of it, and the first one wins. */
async function create(directory: string, file: string): Promise<Buffer> {
  const draft = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`
  try {
    const handle = await open(draft, 'wx', 0o600)
    try {
      await handle.writeFile(randomBytes(LENGTH))
      await handle.sync()
    } finally {
      await handle.close()
    }
    await link(draft, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  } finally {
    await rm(draft, { force: true })
  }
  const folder = await open(directory, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
  return readFile(file)
}
