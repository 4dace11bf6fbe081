import { ContentError } from './content-error.ts'
import type { SparsePiece } from './tar-header.ts'

/** More holes than any file of weights has; each piece costs memory. */
export const MAXIMUM_PIECES = 100_000

const corrupt = (what: string) => new ContentError('corrupt', `The tar archive is damaged: ${what}.`)

/** Where a pax header says that a sparse file's map is; `size` is that of the whole file. */
export type PaxSparseForm =
  | { readonly kind: 'list'; readonly list: string; readonly size: number }
  | { readonly kind: 'before-data'; readonly size: number }

/** Recognises GNU's sparse files in pax form 0.1 and 1.0; undefined when the entry is not sparse. */
export function paxSparseForm(records: ReadonlyMap<string, string>): PaxSparseForm | undefined {
  const size = paxNumber(records.get('GNU.sparse.realsize') ?? records.get('GNU.sparse.size'))
  const list = records.get('GNU.sparse.map')
  const major = records.get('GNU.sparse.major')
  if (size !== undefined && list !== undefined) return { kind: 'list', list, size }
  if (size !== undefined && major === '1') return { kind: 'before-data', size }
  if (size === undefined && major === undefined) return undefined
  throw new ContentError('refused', 'The archive holds a sparse file in a form that is not supported.')
}

/** `offset,length,offset,length…` */
export function parseSparseList(list: string): SparsePiece[] {
  return toPieces(list === '' ? [] : list.split(','))
}

/** The count of pieces, then offset and length of each, a line each; undefined while more of it has to be read. */
export function parseSparseMap(bytes: Buffer): SparsePiece[] | undefined {
  const lines = bytes.toString('latin1').split('\n')
  const first = lines[0] ?? ''
  // Without a line end the last part may still grow; a number has at most 20 digits.
  if (lines.length === 1) {
    if (first.length > 20) throw corrupt('a sparse map cannot be read')
    return undefined
  }
  const count = paxNumber(first) ?? 0
  if (count > MAXIMUM_PIECES) throw corrupt('a sparse file has too many pieces')
  return lines.length - 1 < 1 + 2 * count ? undefined : toPieces(lines.slice(1, 1 + 2 * count))
}

/** A count in a pax record: digits, not more than a number can hold. Throws ContentError `corrupt`. */
export function paxNumber(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN
  if (!Number.isSafeInteger(number)) throw corrupt('an extended header has no valid number')
  return number
}

function toPieces(numbers: readonly string[]): SparsePiece[] {
  if (numbers.length % 2 !== 0 || numbers.length > 2 * MAXIMUM_PIECES) throw corrupt('a sparse map cannot be read')
  const pieces: SparsePiece[] = []
  for (let index = 0; index < numbers.length; index += 2) {
    pieces.push({ offset: paxNumber(numbers[index]) ?? 0, length: paxNumber(numbers[index + 1]) ?? 0 })
  }
  return pieces
}
