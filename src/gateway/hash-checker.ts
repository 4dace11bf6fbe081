import { createHash } from 'node:crypto'
import { Transform } from 'node:stream'

/** Passes a body on and fails at its end when its SHA-256 is not the one the client has signed. */
export function hashChecker(expectedHex: string, mismatch: (computedHex: string) => Error): Transform {
  const hash = createHash('sha256')
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      done(null, chunk)
    },
    flush(done) {
      const computed = hash.digest('hex')
      done(computed === expectedHex ? null : mismatch(computed))
    },
  })
}
