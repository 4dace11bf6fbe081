import { badNextToken } from '../errors.ts'

/** Where an event stands: by time, then by the order of appending. */
export interface EventPosition {
  readonly timestamp: number
  readonly sequence: string
}

const TIME_DIGITS = 15
const SEQUENCE_DIGITS = 23
const PADDED = 56

/** Before every event. */
export const START: EventPosition = { timestamp: 0, sequence: '0'.repeat(SEQUENCE_DIGITS) }

/** 56 digits that order like the positions; what the API shows as an event's id. */
export const positionDigits = ({ timestamp, sequence }: EventPosition): string =>
  (String(timestamp).padStart(TIME_DIGITS, '0') + sequence).padStart(PADDED, '0')

function ofDigits(digits: string): EventPosition {
  const timestamp = Number(digits.slice(-TIME_DIGITS - SEQUENCE_DIGITS, -SEQUENCE_DIGITS))
  return { timestamp, sequence: digits.slice(-SEQUENCE_DIGITS) }
}

/** The token that asks for what lies after the position (`f`) or before it (`b`). */
export const eventToken = (direction: 'f' | 'b', position: EventPosition): string =>
  `${direction}/${positionDigits(position)}/s`

/** Reads a token of `eventToken`. */
export function parseEventToken(token: string): { readonly direction: 'f' | 'b'; readonly position: EventPosition } {
  const match = /^([fb])\/0{18}(\d{38})\/s$/.exec(token)
  if (match === null) throw badNextToken()
  return { direction: match[1] as 'f' | 'b', position: ofDigits(match[2]!) }
}

/**
 * The position right after (1) or right before (-1) this one, so that a token of the other direction, handed out with an
 * empty page, still finds the event that this one names.
 */
export function neighbour(position: EventPosition, step: 1 | -1): EventPosition {
  const moved = BigInt(positionDigits(position)) + BigInt(step)
  return moved < 0n ? START : ofDigits(String(moved).padStart(PADDED, '0'))
}
