import { randomUUID } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { link, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The right to download one entry, held by one call in one process at a time. */
export interface Claim {
  /** Names what only this holder writes to. */
  readonly token: string
  /** The token of the holder before, whose process has ended without a word: what it wrote to is nobody's. */
  readonly orphan: string | undefined
  release(): Promise<void>
}

interface Holder {
  readonly token: string
  readonly pid: number
  /** When the process started, as /proc counts: a process id may be used again. */
  readonly started: string
  /** Process ids mean something only within one namespace. */
  readonly namespace: string
}

const HEARTBEAT = 5_000
/** A holder that has not been heard of for this long is gone, or hangs. */
const SILENCE = 60_000

/**
 * Claims are files. They spare double work and no more: what they protect is put into place by an atomic rename, so a
 * claim that is wrongly taken over costs a download, never a broken entry.
 */
export async function takeClaim(directory: string, key: string): Promise<Claim | undefined> {
  const file = join(directory, key)
  const token = randomUUID()
  const holder: Holder = { token, pid: process.pid, started: startOf(process.pid) ?? '', namespace: namespace() }
  const draft = join(directory, `.${key}.${token}`)
  await writeFile(draft, JSON.stringify(holder), { flag: 'wx' })
  let orphan: string | undefined
  try {
    // A link, not a plain create: nobody ever sees a claim without its content.
    if (!(await linked(draft, file))) {
      const current = await readHolder(file)
      if (current !== undefined && (await isAlive(file, current))) return undefined
      if (current !== undefined && hasEnded(current)) orphan = current.token
      await rm(file, { force: true })
      if (!(await linked(draft, file))) return undefined
    }
  } finally {
    await rm(draft, { force: true })
  }
  const beat = setInterval(() => utimes(file, new Date(), new Date()).catch(() => {}), HEARTBEAT)
  beat.unref()
  return {
    ...{ token, orphan },
    release: async () => {
      clearInterval(beat)
      if ((await readHolder(file))?.token === token) await rm(file, { force: true })
    },
  }
}

/** The token of whoever holds a claim now; undefined when nobody does or the holder is gone. */
export async function claimedBy(directory: string, key: string): Promise<string | undefined> {
  const file = join(directory, key)
  const holder = await readHolder(file)
  return holder !== undefined && (await isAlive(file, holder)) ? holder.token : undefined
}

/** Removes the claims of the dead, and drafts that never became one. */
export async function sweepClaims(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const file = join(directory, name)
    if (name.startsWith('.')) {
      const written = await stat(file).catch(() => undefined)
      if (written !== undefined && Date.now() - written.mtimeMs > SILENCE) await rm(file, { force: true })
    } else if ((await claimedBy(directory, name)) === undefined) {
      const claim = await takeClaim(directory, name)
      await claim?.release()
    }
  }
}

async function linked(draft: string, file: string): Promise<boolean> {
  try {
    await link(draft, file)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Holder
  } catch {
    return undefined
  }
}

/** Whether the holder's process is known to be gone, and not just silent. */
const hasEnded = (holder: Holder): boolean =>
  holder.namespace !== '' && holder.namespace === namespace() && startOf(holder.pid) !== holder.started

async function isAlive(file: string, holder: Holder): Promise<boolean> {
  if (hasEnded(holder)) return false
  const beaten = await stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  )
  return Date.now() - beaten < SILENCE
}

function namespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
}

/** Field 22 of /proc/PID/stat; undefined when there is no such process. */
function startOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name in parentheses, which may hold spaces and parentheses of its own.
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}
