import { ContentError } from './content-error.ts'
import {
  BLOCK,
  readPaxRecords,
  readSparsePieces,
  readTarHeader,
  type SparsePiece,
  type TarHeader,
  text,
} from './tar-header.ts'
import { MAXIMUM_PIECES, parseSparseList, parseSparseMap, paxNumber, paxSparseForm } from './tar-sparse.ts'

/** One entry, with its extended headers applied. */
export interface TarEntry {
  readonly name: string
  readonly linkName: string
  readonly mode: number
  /** Size of the file once written. */
  readonly size: number
  /** Seconds since 1970. */
  readonly mtime: number
  readonly type: string
  /** Where the data goes; undefined for the ordinary file, whose data is all of it in order. */
  readonly sparse: readonly SparsePiece[] | undefined
}

/** Receives an archive's content; `data` is called with views that hold only until it returns. */
export interface TarHandler {
  entry(entry: TarEntry): void
  data(bytes: Buffer): void
  entryEnd(): void
}

/** A push parser of tar: give it bytes in pieces of any size. Throws ContentError, then is of no more use. */
export interface TarReader {
  write(chunk: Buffer): void
  /** Throws when the archive stops in the middle of an entry. */
  end(): void
}

/** Extended headers are held in memory; honest ones are a few kilobytes. */
const MAXIMUM_EXTENDED = 1024 * 1024

const corrupt = (what: string) => new ContentError('corrupt', `The tar archive is damaged: ${what}.`)

/** `countHeader` is called for each header of any kind, so that the caller can limit their number. */
export function createTarReader(handler: TarHandler, countHeader: () => void): TarReader {
  const partial = Buffer.allocUnsafe(BLOCK)
  let partialLength = 0
  let step: (block: Buffer, at: number) => void = header
  let dataLeft = 0
  let padding = 0
  let toHandler = false
  let started = false
  let ended = false

  let globals = new Map<string, string>()
  let locals = new Map<string, string>()
  let collected: Buffer[] = []
  let collectFor: TarHeader | undefined
  let pending: { head: TarHeader; pieces: SparsePiece[]; size: number; stored: number } | undefined

  function header(block: Buffer, at: number): void {
    const head = readTarHeader(block, at)
    started = true
    if (head === undefined) {
      ended = true
      return
    }
    countHeader()
    if ('xgXLK'.includes(head.type)) {
      if (head.size > MAXIMUM_EXTENDED) throw corrupt('an extended header is too large')
      collectFor = head
      collected = []
      expect(head.size, false)
    } else if (head.sparse !== undefined) {
      pending = { head, pieces: [...head.sparse.pieces], size: head.sparse.size, stored: head.size }
      if (head.sparse.extended) step = sparseExtension
      else emit(head, pending.pieces, head.sparse.size)
    } else {
      emit(head, undefined, head.size)
    }
  }

  function sparseExtension(block: Buffer, at: number): void {
    if (pending === undefined) return
    const { pieces, extended } = readSparsePieces(block, at, 21)
    pending.pieces.push(...pieces)
    if (pending.pieces.length > MAXIMUM_PIECES) throw corrupt('a sparse file has too many pieces')
    if (extended) return
    step = header
    emit(pending.head, pending.pieces, pending.size)
  }

  /** The map of a sparse file in pax form 1.0 stands in front of its data, in blocks of its own. */
  function sparseMap(block: Buffer, at: number): void {
    if (pending === undefined) return
    collected.push(Buffer.from(block.subarray(at, at + BLOCK)))
    if (collected.length * BLOCK > MAXIMUM_EXTENDED) throw corrupt('a sparse map is too large')
    const pieces = parseSparseMap(Buffer.concat(collected))
    if (pieces === undefined) return
    const stored = pending.stored - collected.length * BLOCK
    if (stored < 0) throw corrupt('a sparse map is longer than its file')
    collected = []
    step = header
    announce(pending.head, pieces, pending.size, stored)
  }

  function emit(head: TarHeader, pieces: readonly SparsePiece[] | undefined, size: number): void {
    const stored = paxNumber(locals.get('size') ?? globals.get('size')) ?? head.size
    const form = paxSparseForm(locals)
    if (form === undefined) return announce(head, pieces, pieces === undefined ? stored : size, stored)
    if (form.kind === 'list') return announce(head, parseSparseList(form.list), form.size, stored)
    pending = { head, pieces: [], size: form.size, stored }
    step = sparseMap
  }

  function announce(head: TarHeader, sparse: readonly SparsePiece[] | undefined, size: number, stored: number): void {
    const pax = (key: string) => locals.get(key) ?? globals.get(key)
    handler.entry({
      name: locals.get('GNU.sparse.name') ?? pax('path') ?? head.name,
      linkName: pax('linkpath') ?? head.linkName,
      mode: head.mode,
      size,
      mtime: pax('mtime') === undefined ? head.mtime : Math.max(0, Math.floor(Number(pax('mtime'))) || 0),
      type: head.type === 'S' || head.type === '7' ? '0' : head.type,
      sparse,
    })
    locals = new Map()
    pending = undefined
    expect(carriesData(head.type) ? stored : 0, true)
  }

  /** Announces `size` bytes of data, which the handler or the collection of an extended header gets. */
  function expect(size: number, forHandler: boolean): void {
    dataLeft = size
    padding = (BLOCK - (size % BLOCK)) % BLOCK
    toHandler = forHandler
    if (size === 0) dataEnd()
  }

  function dataEnd(): void {
    if (toHandler) return handler.entryEnd()
    const head = collectFor
    if (head === undefined) return
    const body = Buffer.concat(collected)
    collected = []
    collectFor = undefined
    if (head.type === 'g') globals = new Map([...globals, ...readPaxRecords(body)])
    else if (head.type === 'L') locals.set('path', text(body, 0, body.length))
    else if (head.type === 'K') locals.set('linkpath', text(body, 0, body.length))
    else locals = new Map([...locals, ...readPaxRecords(body)])
  }

  return {
    write(chunk) {
      let at = 0
      while (at < chunk.length && !ended) {
        if (dataLeft > 0) {
          const take = Math.min(dataLeft, chunk.length - at)
          const bytes = chunk.subarray(at, at + take)
          if (toHandler) handler.data(bytes)
          else collected.push(Buffer.from(bytes))
          at += take
          dataLeft -= take
          if (dataLeft === 0) dataEnd()
        } else if (padding > 0) {
          const take = Math.min(padding, chunk.length - at)
          at += take
          padding -= take
        } else if (partialLength === 0 && chunk.length - at >= BLOCK) {
          const start = at
          at += BLOCK
          step(chunk, start)
        } else {
          const take = Math.min(BLOCK - partialLength, chunk.length - at)
          chunk.copy(partial, partialLength, at, at + take)
          at += take
          partialLength += take
          if (partialLength === BLOCK) {
            partialLength = 0
            step(partial, 0)
          }
        }
      }
    },
    end() {
      if (ended) return
      if (!started && partialLength === 0) throw corrupt('it is empty')
      const between = dataLeft === 0 && partialLength === 0 && step === header && locals.size === 0
      if (!between) throw new ContentError('corrupt', 'The tar archive ends in the middle of an entry.')
    },
  }
}

/** Links, devices and directories have none, whatever their size field says (directories of GNU dumps are refused). */
const carriesData = (type: string): boolean => !'123456'.includes(type)
