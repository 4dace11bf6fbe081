import { serializationException } from './fault.ts'

/** No published shape nests deeper than a few dozen levels. */
const MAX_DEPTH = 128

const decoder = new TextDecoder('utf-8', { fatal: true })

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Parses a request body. Refuses what is no UTF-8, no JSON, or nested so deeply that only an attacker would send it. */
export function parseJson(body: Uint8Array): unknown {
  if (body.length === 0) return undefined
  guardDepth(body)
  try {
    return JSON.parse(decoder.decode(body)) as unknown
  } catch (cause) {
    throw Object.assign(serializationException('Unable to parse the request body as JSON.'), { cause })
  }
}

// Counting brackets outside strings costs little and keeps deep nests from ever becoming objects.
function guardDepth(body: Uint8Array): void {
  let depth = 0
  let quoted = false
  for (let i = 0; i < body.length; i++) {
    const byte = body[i]
    if (quoted) {
      if (byte === BACKSLASH) i++
      else if (byte === QUOTE) quoted = false
    } else if (byte === QUOTE) quoted = true
    else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > MAX_DEPTH)
        throw serializationException(`The request body is nested more than ${MAX_DEPTH} levels deep.`)
    } else if (byte === 0x5d || byte === 0x7d) depth--
  }
}
