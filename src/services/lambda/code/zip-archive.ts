import { createWriteStream } from 'node:fs'
import { chmod, chown, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { crc32 } from 'node:zlib'
import { type Entry, open, type ZipFile } from 'yauzl'

/** Why a zip is not taken. The message is for the caller. */
export class BadZipError extends Error {
  override name = 'BadZipError'
}

export interface ZipLimits {
  readonly unzippedBytes: number
  readonly zipEntries: number
}

const NOT_UNZIPPED = 'Could not unzip uploaded file. Please check your file, then try to upload again.'
const SYMBOLIC_LINK = 0o120000
const REGULAR_FILE = 0o100000
const DIRECTORY = 0o040000
const TYPE_BITS = 0o170000

interface CheckedEntry {
  readonly entry: Entry
  readonly path: string
  readonly isDirectory: boolean
  readonly executable: boolean
}

/**
 * Reads a zip from end to end without keeping anything of it: its directory, then every byte against its checksum.
 * @throws BadZipError for what is damaged, encrypted, too large, or would not stay inside its folder
 */
export async function checkZip(file: string, limits: ZipLimits): Promise<void> {
  await readZip(file, limits, async (_checked, content) => {
    if (content === undefined) return
    for await (const _ of content()) {
      // Reading is the check.
    }
  })
}

/**
 * Unpacks a zip into a folder, streamed. Folders and files belong to this process's user and to `group`, which may read
 * and execute but not write; nobody else may enter.
 * @throws BadZipError, and what the disk says
 */
export async function unpackZip(
  file: string,
  folder: string,
  group: number | undefined,
  limits: ZipLimits,
): Promise<void> {
  const made = new Set<string>()
  const makeFolder = async (path: string): Promise<void> => {
    if (made.has(path) || path === '.') return
    await makeFolder(dirname(path))
    await mkdir(join(folder, path), { recursive: true })
    await share(join(folder, path), 0o750, group)
    made.add(path)
  }
  await readZip(file, limits, async ({ path, executable }, content) => {
    if (content === undefined) return makeFolder(path)
    await makeFolder(dirname(path))
    const target = join(folder, path)
    await pipeline(content, createWriteStream(target, { flags: 'wx', mode: 0o600 }))
    await share(target, executable ? 0o750 : 0o640, group)
  })
  await share(folder, 0o750, group)
}

async function share(path: string, mode: number, group: number | undefined): Promise<void> {
  if (group !== undefined) await chown(path, 0, group)
  await chmod(path, mode)
}

/** Visits the entries in order; `content` is undefined for a folder and verifies size and checksum as it is read. */
async function readZip(
  file: string,
  limits: ZipLimits,
  visit: (entry: CheckedEntry, content: (() => AsyncGenerator<Uint8Array>) | undefined) => Promise<void>,
): Promise<void> {
  const zip = await openZip(file)
  try {
    if (zip.entryCount > limits.zipEntries) {
      throw new BadZipError(`The zip has more than ${limits.zipEntries} entries.`)
    }
    const entries = await readEntries(zip, limits)
    for (const checked of entries) {
      await visit(checked, checked.isDirectory ? undefined : () => readContent(zip, checked.entry))
    }
  } finally {
    zip.close()
  }
}

function openZip(file: string): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    // It also refuses names that are absolute or climb out, and reads Windows' separators as slashes.
    open(file, { lazyEntries: true, autoClose: false, validateEntrySizes: true }, (error, zip) => {
      if (error) reject(new BadZipError(NOT_UNZIPPED, { cause: error }))
      else resolve(zip)
    })
  })
}

/** The central directory, with everything that can be refused before a byte is unpacked. */
async function readEntries(zip: ZipFile, limits: ZipLimits): Promise<readonly CheckedEntry[]> {
  const entries: CheckedEntry[] = []
  const files = new Set<string>()
  let bytes = 0
  await new Promise<void>((resolve, reject) => {
    zip.on('entry', (entry: Entry) => {
      try {
        const checked = checkEntry(entry)
        bytes += entry.uncompressedSize
        if (bytes > limits.unzippedBytes) {
          throw new BadZipError(`Unzipped size must be smaller than ${limits.unzippedBytes} bytes`)
        }
        if (!checked.isDirectory) {
          if (files.has(checked.path)) throw new BadZipError(`The zip holds ${shown(checked.path)} twice.`)
          files.add(checked.path)
        }
        entries.push(checked)
        zip.readEntry()
      } catch (error) {
        reject(error)
      }
    })
    zip.once('error', (error: Error) => {
      const name = BAD_NAME.exec(error.message)?.[1]
      reject(name === undefined ? new BadZipError(NOT_UNZIPPED, { cause: error }) : badName(name))
    })
    zip.once('end', resolve)
    zip.readEntry()
  })
  for (const { path, isDirectory } of entries) {
    for (let at = isDirectory ? path : dirname(path); at !== '.'; at = dirname(at)) {
      if (files.has(at)) throw new BadZipError(`The zip holds ${shown(at)} as a file and as a folder.`)
    }
  }
  if (files.size === 0) throw new BadZipError('Uploaded file must be a non-empty zip')
  return entries
}

function checkEntry(entry: Entry): CheckedEntry {
  const name = entry.fileName
  if (name.includes('\0')) throw badName(name)
  const path =
    name
      .split('/')
      .filter((part) => part !== '' && part !== '.')
      .join('/') || '.'
  if (entry.isEncrypted()) throw new BadZipError(`The zip holds an encrypted file: ${shown(path)}`)
  const mode = (entry.externalFileAttributes >>> 16) & 0xffff
  const type = mode & TYPE_BITS
  if (type === SYMBOLIC_LINK) throw new BadZipError(`The zip holds a symbolic link: ${shown(path)}`)
  if (type !== 0 && type !== REGULAR_FILE && type !== DIRECTORY) {
    throw new BadZipError(`The zip holds something that is no file: ${shown(path)}`)
  }
  return { entry, path, isDirectory: name.endsWith('/'), executable: (mode & 0o111) !== 0 }
}

/** How yauzl words what it thinks of a name. */
const BAD_NAME = /^(?:absolute path|invalid relative path|invalid characters in fileName): (.*)$/s

const badName = (name: string) => new BadZipError(`The zip holds a name that leaves its folder: ${shown(name)}`)

const shown = (name: string): string => JSON.stringify(name.slice(0, 200))

/** The bytes of an entry; throws at the end when they are not those that the directory promises. */
async function* readContent(zip: ZipFile, entry: Entry): AsyncGenerator<Uint8Array> {
  let checksum = 0
  try {
    const stream = await new Promise<Readable>((resolve, reject) => {
      zip.openReadStream(entry, (error, opened) => (error ? reject(error) : resolve(opened)))
    })
    // Through a transform of our own, so that a break in the source arrives here as an error.
    const through = new Transform({ transform: (chunk, _encoding, done) => done(null, chunk) })
    const piped = pipeline(stream, through)
    piped.catch(() => {})
    for await (const chunk of through) {
      checksum = crc32(chunk as Buffer, checksum)
      yield chunk as Buffer
    }
    await piped
  } catch (error) {
    throw new BadZipError(NOT_UNZIPPED, { cause: error })
  }
  if (checksum !== entry.crc32) throw new BadZipError(NOT_UNZIPPED)
}
