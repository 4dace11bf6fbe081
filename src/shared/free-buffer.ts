/** Smaller buffers are left to the garbage collector. */
const WORTH_BYTES = 16 * 1024

/**
 * Gives the memory of a large buffer back now. It is empty from then on; whoever calls knows that nobody reads it, native code
 * included, nor the `before` bytes that stand before it in the same memory. Left to the garbage collector such memory is dear: for
 * every 64 MB of it V8 goes through its whole heap, which takes as long as all else that is done with a body of 1 MB.
 */
export function freeBuffer(bytes: Uint8Array, before = 0): void {
  const { buffer, byteLength, byteOffset } = bytes
  // Others may have other parts of a buffer that this is only a part of.
  if (byteLength < WORTH_BYTES || byteOffset !== before || before + byteLength !== buffer.byteLength) return
  if (buffer instanceof ArrayBuffer) buffer.transfer(0)
}

const given = new WeakSet<ArrayBufferLike>()

/**
 * Says of a part of a stream that whoever made it does not read it again: whoever reads it last may give its memory back, by
 * `freeGiven`. What a stream's reader passes on to two others must not be given away.
 */
export function giveAway<Bytes extends Uint8Array>(bytes: Bytes): Bytes {
  if (bytes.byteLength >= WORTH_BYTES) given.add(bytes.buffer)
  return bytes
}

/** Whether it has been given away, so that its last reader is to call `freeGiven`. */
export const isGiven = (bytes: Uint8Array): boolean => given.has(bytes.buffer)

/** Gives the memory of a part back that has been given away; leaves any other to whoever has it. */
export function freeGiven(bytes: Uint8Array): void {
  if (given.delete(bytes.buffer)) freeBuffer(bytes)
}

/** What gives a buffer back that is of no use once it has been written; undefined for one that is not worth it. */
export const freeLater = (bytes: Uint8Array): (() => void) | undefined =>
  bytes.byteLength < WORTH_BYTES ? undefined : () => freeBuffer(bytes)
