import { createHash } from 'node:crypto'
import { type Readable, Transform } from 'node:stream'

/** Passes a body on and fails at its end when its SHA-256 is not the one the client has signed. */
export function hashChecked(body: Readable, expectedHex: string, mismatch: (computedHex: string) => Error): Readable {
  const hash = createHash('sha256')
  const checked = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      done(null, chunk)
    },
    flush(done) {
      const computed = hash.digest('hex')
      done(computed === expectedHex ? null : mismatch(computed))
    },
  })
  body.on('error', (error) => checked.destroy(error))
  body.on('close', () => {
    if (!body.readableEnded) checked.destroy(new Error('the client went away'))
  })
  return body.pipe(checked)
}
