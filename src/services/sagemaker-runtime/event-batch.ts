import type { AnswerStream } from './answer-stream.ts'
import { payloadPart } from './stream-events.ts'

const ROOM_BYTES = 64 * 1024
/** What an answer may write around the events. */
const BEFORE = 16
const AFTER = 2

// One for all streams, as long as the system takes what is written at once: a stream has events here from its first part to the end of the read.
let room = Buffer.allocUnsafeSlow(ROOM_BYTES)
/** Whose events they are. */
let holder: EventBatch | undefined

/** The events of a stream that go out together. They are put where they will be sent from: each costs one copy, and no memory. */
export class EventBatch {
  readonly #response: AnswerStream
  #end = BEFORE

  constructor(response: AnswerStream) {
    this.#response = response
  }

  /** Adds a part of the container's answer. False when that made something go out. */
  add(payload: Uint8Array): boolean {
    const size = payload.length + payloadPart.overhead
    if (size > ROOM_BYTES - BEFORE - AFTER) {
      this.flush()
      this.#response.write(payloadPart.message(payload))
      return false
    }
    const fits = holder === this && this.#end + size + AFTER <= ROOM_BYTES
    if (!fits) {
      holder?.flush()
      holder = this
    }
    this.#end = payloadPart.write(room, this.#end, payload)
    return fits
  }

  /** Sends what has been added. True when none of it waits for the client. */
  flush(): boolean {
    if (holder !== this) return false
    const end = this.#end
    holder = undefined
    this.#end = BEFORE
    const response = this.#response
    if (response.writeInPlace === undefined) {
      if (!response.closed) response.write(Buffer.from(room.subarray(BEFORE, end)))
      return false
    }
    if (response.writeInPlace(room, BEFORE, end)) return true
    room = Buffer.allocUnsafeSlow(ROOM_BYTES)
    return false
  }
}
