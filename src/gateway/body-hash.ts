import { createHash, hash } from 'node:crypto'
import { Transform } from 'node:stream'

/** Passes a body on and fails at its end when its SHA-256 is not the one the client has signed. */
export function hashChecker(expectedHex: string, mismatch: (computedHex: string) => Error): Transform {
  const state = createHash('sha256')
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      state.update(chunk)
      done(null, chunk)
    },
    flush(done) {
      const computed = state.digest('hex')
      done(computed === expectedHex ? null : mismatch(computed))
    },
  })
}

/** Lower-case hex SHA-256 of a body. One call for one part: half the cost of a hash object. */
export function sha256(parts: readonly Uint8Array[]): string {
  if (parts.length === 1) return hash('sha256', parts[0] as Uint8Array)
  const state = createHash('sha256')
  for (const part of parts) state.update(part)
  return state.digest('hex')
}
