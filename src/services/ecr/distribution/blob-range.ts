/** Both ends count. */
export interface BlobRange {
  readonly start: number
  readonly end: number
}

/**
 * Reads a Range header against a blob of `size` bytes. `whole`: there is none, or one that need not be obeyed (another
 * unit, several ranges, not well formed). `unsatisfiable`: well formed, and no byte of the blob is in it.
 */
export function parseRange(header: string | undefined, size: number): BlobRange | 'whole' | 'unsatisfiable' {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/i.exec(header?.trim() ?? '') ?? []
  if (first === undefined || last === undefined || first + last === '') return 'whole'
  if (first === '') {
    const count = Math.min(Number(last), size)
    return count === 0 ? 'unsatisfiable' : { start: size - count, end: size - 1 }
  }
  const start = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (last !== '' && Number(last) < start) return 'whole'
  return start >= size ? 'unsatisfiable' : { start, end }
}
