import type { Member, Shape } from '../model/service-description.ts'
import { serializationException } from './fault.ts'
import { fromEpochSeconds, parseTimestamp } from './timestamp.ts'

const MAX_DEPTH = 64
const INT_MAX = 2 ** 31 - 1
const LONG_MAX = 2 ** 63
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

/**
 * Reads parsed JSON as a structure: unknown members are dropped, nulls are absent, wrong types are refused.
 * Members that travel in the path, the query or a header are not looked for.
 */
export function decodeJson(shape: Shape, json: unknown): Record<string, unknown> {
  if (json === undefined || json === null) return {}
  return decodeStructure(shape, json, 0)
}

function decodeStructure(shape: Shape, json: unknown, depth: number): Record<string, unknown> {
  if (typeof json !== 'object' || json === null) throw misfit(json, 'a structure')
  if (Array.isArray(json)) throw serializationException('Start of list found where not expected')
  if (depth > MAX_DEPTH) throw serializationException(`The request body is nested more than ${MAX_DEPTH} levels deep.`)
  const structure: Record<string, unknown> = {}
  for (const member of shape.members) {
    if (member.location !== undefined || !Object.hasOwn(json, member.wireName)) continue
    const value = (json as Record<string, unknown>)[member.wireName]
    if (value !== null && value !== undefined) structure[member.name] = decodeValue(member.shape, value, depth + 1)
  }
  return structure
}

function decodeValue(shape: Shape, json: unknown, depth: number): unknown {
  switch (shape.type) {
    case 'structure':
      return decodeStructure(shape, json, depth)
    case 'list':
      return decodeList(shape, json, depth)
    case 'map':
      return decodeMap(shape, json, depth)
    case 'boolean':
      if (typeof json !== 'boolean') throw misfit(json, 'a Boolean')
      return json
    case 'integer':
      if (!isWhole(json, INT_MAX)) throw misfit(json, 'an Integer')
      return json
    case 'long':
      if (!isWhole(json, LONG_MAX)) throw misfit(json, 'a Long')
      return json
    case 'float':
    case 'double':
      return decodeNumber(shape, json)
    case 'timestamp':
      return decodeTime(json)
    case 'blob':
      return decodeBlob(json)
    case 'string':
    case 'character':
      if (typeof json !== 'string') throw misfit(json, 'a String')
      return json
  }
}

function decodeList(shape: Shape, json: unknown, depth: number): unknown[] {
  if (!Array.isArray(json))
    throw typeof json === 'object' ? misfit(json, 'a list') : serializationException('Expected list or null')
  const element = (shape.element as Member).shape
  // Nulls stay: the validator refuses them by position.
  return json.map((value) => (value === null ? null : decodeValue(element, value, depth + 1)))
}

function decodeMap(shape: Shape, json: unknown, depth: number): Record<string, unknown> {
  if (Array.isArray(json)) throw serializationException('Start of list found where not expected')
  if (typeof json !== 'object' || json === null) throw serializationException('Expected map or null')
  const value = (shape.value as Member).shape
  // The keys are the caller's: an object without prototype takes `__proto__` like any other.
  const map: Record<string, unknown> = Object.create(null)
  for (const [key, entry] of Object.entries(json)) {
    if (entry !== null) map[key] = decodeValue(value, entry, depth + 1)
  }
  return map
}

const isWhole = (json: unknown, limit: number): boolean => Number.isInteger(json) && Math.abs(json as number) <= limit

function decodeNumber(shape: Shape, json: unknown): number {
  if (typeof json === 'number' && Number.isFinite(json)) return json
  if (json === 'NaN' || json === 'Infinity' || json === '-Infinity') return Number(json)
  throw misfit(json, shape.type === 'float' ? 'a Float' : 'a Double')
}

function decodeTime(json: unknown): number {
  const time =
    typeof json === 'number' ? fromEpochSeconds(json) : typeof json === 'string' ? parseTimestamp(json) : undefined
  if (time === undefined) throw misfit(json, 'a Timestamp')
  return time
}

function decodeBlob(json: unknown): Uint8Array {
  if (typeof json !== 'string') throw misfit(json, 'a Blob')
  if (json.length % 4 !== 0 || !BASE64.test(json)) throw serializationException('Invalid Base64 data')
  return Buffer.from(json, 'base64')
}

/** The front end's sentence for a value of the wrong type. It names the token, never the value. */
function misfit(json: unknown, wanted: string) {
  if (Array.isArray(json)) return serializationException('Start of list found where not expected')
  if (typeof json === 'object') return serializationException('Start of structure or map found where not expected.')
  const token =
    typeof json === 'string' ? 'STRING' : typeof json === 'number' ? 'NUMBER' : json === true ? 'TRUE' : 'FALSE'
  return serializationException(`${token}_VALUE can not be converted to ${wanted}`)
}

/** Turns a handler's value into what JSON.stringify writes as AWS does. Absent members are left out, never null. */
export function encodeJson(shape: Shape, value: unknown): unknown {
  switch (shape.type) {
    case 'structure': {
      const source = value as Record<string, unknown>
      const json: Record<string, unknown> = {}
      for (const member of shape.members) {
        if (member.location !== undefined) continue
        const entry = source[member.name]
        if (entry !== undefined && entry !== null) json[member.wireName] = encodeJson(member.shape, entry)
      }
      return json
    }
    case 'list': {
      const element = (shape.element as Member).shape
      return (value as unknown[]).map((entry) => encodeJson(element, entry))
    }
    case 'map': {
      const entryShape = (shape.value as Member).shape
      const json: Record<string, unknown> = Object.create(null)
      for (const [key, entry] of Object.entries(value as object)) {
        if (entry !== undefined && entry !== null) json[key] = encodeJson(entryShape, entry)
      }
      return json
    }
    case 'timestamp':
      return (value as number) / 1000
    case 'blob':
      return Buffer.from(value as Uint8Array).toString('base64')
    case 'float':
    case 'double':
      return encodeDouble(value as number)
    default:
      return value
  }
}

/** Beyond it numbers are written with an exponent. */
const PLAIN = 1e21

/** A number as it is to be written. The types of JSON do not have it yet. */
const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => unknown }

/** With a decimal point, always, as AWS writes doubles: Python and others tell 3.0 from 3. */
function encodeDouble(value: number): unknown {
  if (!Number.isFinite(value)) return String(value)
  return Number.isInteger(value) && Math.abs(value) < PLAIN ? rawJSON(`${value}.0`) : value
}
