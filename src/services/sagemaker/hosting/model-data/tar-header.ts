import { ContentError } from './content-error.ts'

export const BLOCK = 512

/** A piece of a sparse file: the stored bytes that belong at `offset`. */
export interface SparsePiece {
  readonly offset: number
  readonly length: number
}

/** One 512-byte header as it stands there (POSIX ustar, pax, GNU and the old v7 form). */
export interface TarHeader {
  readonly name: string
  readonly linkName: string
  readonly mode: number
  /** Stored bytes that follow. */
  readonly size: number
  /** Seconds since 1970. */
  readonly mtime: number
  /** The type flag; `0` for the old NUL. */
  readonly type: string
  /** Old GNU sparse files only. */
  readonly sparse:
    | { readonly pieces: readonly SparsePiece[]; readonly extended: boolean; readonly size: number }
    | undefined
}

const corrupt = (what: string) => new ContentError('corrupt', `The tar archive is damaged: ${what}.`)

/** Reads the header at `at`; undefined for a block of zeros, which ends an archive. Throws ContentError `corrupt`. */
export function readTarHeader(block: Buffer, at: number): TarHeader | undefined {
  if (block[at] === 0 && isZero(block, at)) return undefined
  if (!hasValidChecksum(block, at)) throw corrupt('a header has a wrong checksum')
  const flag = block[at + 156] ?? 0
  const type = flag === 0 ? '0' : String.fromCharCode(flag)
  const magic = block.toString('latin1', at + 257, at + 263)
  const prefix = magic === 'ustar\0' ? text(block, at + 345, 155) : ''
  const name = text(block, at, 100)
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    linkName: text(block, at + 157, 100),
    mode: number(block, at + 100, 8, 'mode'),
    size: number(block, at + 124, 12, 'size'),
    mtime: mtime(block, at + 136),
    type,
    sparse:
      type === 'S' ? { ...readSparsePieces(block, at + 386, 4), size: number(block, at + 483, 12, 'size') } : undefined,
  }
}

/** The sparse map in a GNU header (4 pieces at 386) or in one of its extension blocks (21 at 0). */
export function readSparsePieces(block: Buffer, at: number, count: number) {
  const pieces: SparsePiece[] = []
  for (let index = 0; index < count; index += 1) {
    const start = at + index * 24
    if (block[start] === 0) break
    pieces.push({ offset: number(block, start, 12, 'sparse map'), length: number(block, start + 12, 12, 'sparse map') })
  }
  return { pieces, extended: block[at + count * 24] !== 0 }
}

/** The records of a pax header, `"LENGTH KEY=VALUE\n"` each; a record of its own length cannot be forged by its value. */
export function readPaxRecords(body: Buffer): Map<string, string> {
  const records = new Map<string, string>()
  for (let at = 0; at < body.length; ) {
    const space = body.indexOf(0x20, at)
    const length = space === -1 ? Number.NaN : Number(body.toString('latin1', at, space))
    const end = at + length
    if (!Number.isInteger(length) || end > body.length || end <= space || body[end - 1] !== 0x0a) {
      throw corrupt('an extended header cannot be read')
    }
    const equals = body.indexOf(0x3d, space)
    if (equals === -1 || equals >= end) throw corrupt('an extended header cannot be read')
    records.set(body.toString('utf8', space + 1, equals), body.toString('utf8', equals + 1, end - 1))
    at = end
  }
  return records
}

/** A name up to its NUL, as GNU's long names end too. */
export function text(block: Buffer, at: number, length: number): string {
  const end = block.indexOf(0, at)
  return block.toString('utf8', at, end === -1 || end > at + length ? at + length : end)
}

function number(block: Buffer, at: number, length: number, what: string): number {
  const first = block[at] ?? 0
  let value: number
  if (first === 0x80) {
    // GNU's base 256 for what does not fit in octal digits.
    value = 0
    for (let index = at + 1; index < at + length; index += 1) value = value * 256 + (block[index] ?? 0)
  } else {
    const digits =
      block
        .toString('latin1', at, at + length)
        .split('\0', 1)[0]
        ?.trim() ?? ''
    value = digits === '' ? 0 : /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN
  }
  if (!Number.isSafeInteger(value)) throw corrupt(`a header has no valid ${what}`)
  return value
}

/** Times before 1970 are stored as negative base 256; no model depends on them, so they become 1970. */
const mtime = (block: Buffer, at: number): number => (block[at] === 0xff ? 0 : number(block, at, 12, 'time'))

function hasValidChecksum(block: Buffer, at: number): boolean {
  const expected = number(block, at + 148, 8, 'checksum')
  // The checksum's own field counts as spaces. Some old programs summed signed bytes.
  let unsigned = 8 * 0x20
  let high = 0
  for (let index = at; index < at + BLOCK; index += 1) {
    if (index === at + 148) index += 8
    const byte = block[index] ?? 0
    unsigned += byte
    if (byte > 127) high += 1
  }
  return expected === unsigned || expected === unsigned - 256 * high
}

function isZero(block: Buffer, at: number): boolean {
  for (let index = at; index < at + BLOCK; index += 1) if (block[index] !== 0) return false
  return true
}
