import type { Member, Shape } from '../model/service-description.ts'
import { CborTime, type CborWriter } from './cbor.ts'
import { serializationException } from './fault.ts'
import type { ServiceError } from './service-error.ts'
import { fromEpochSeconds } from './timestamp.ts'

const INT_MAX = 2 ** 31 - 1
const LONG_MAX = 2 ** 63

/**
 * Fits what was read from CBOR to a structure: unknown members are dropped, nulls are absent, wrong types are refused.
 * Depth is bounded by the reader.
 */
export function fitCbor(shape: Shape, value: unknown): Record<string, unknown> {
  if (!isMap(value)) throw misfit(shape)
  const structure: Record<string, unknown> = {}
  for (const member of shape.members) {
    if (!Object.hasOwn(value, member.wireName)) continue
    const entry = value[member.wireName]
    if (entry !== null) structure[member.name] = fitValue(member.shape, entry)
  }
  return structure
}

function fitValue(shape: Shape, value: unknown): unknown {
  switch (shape.type) {
    case 'structure':
      return fitCbor(shape, value)
    case 'list': {
      if (!Array.isArray(value)) throw misfit(shape)
      const element = (shape.element as Member).shape
      // Nulls stay: the validator refuses them by position.
      return value.map((entry) => (entry === null ? null : fitValue(element, entry)))
    }
    case 'map':
      return fitMap(shape, value)
    case 'boolean':
      if (typeof value !== 'boolean') throw misfit(shape)
      return value
    case 'integer':
      return whole(shape, value, INT_MAX)
    case 'long':
      return whole(shape, value, LONG_MAX)
    case 'float':
    case 'double':
      if (typeof value !== 'number' && typeof value !== 'bigint') throw misfit(shape)
      return Number(value)
    case 'timestamp':
      return fitTime(shape, value)
    case 'blob':
      if (!(value instanceof Uint8Array)) throw misfit(shape)
      return value
    case 'string':
    case 'character':
      if (typeof value !== 'string') throw misfit(shape)
      return value
  }
}

function fitMap(shape: Shape, value: unknown): Record<string, unknown> {
  if (!isMap(value)) throw misfit(shape)
  const entryShape = (shape.value as Member).shape
  const map: Record<string, unknown> = Object.create(null)
  for (const [key, entry] of Object.entries(value)) if (entry !== null) map[key] = fitValue(entryShape, entry)
  return map
}

function whole(shape: Shape, value: unknown, limit: number): number {
  const number = typeof value === 'bigint' ? Number(value) : value
  if (typeof number !== 'number' || !Number.isInteger(number) || Math.abs(number) > limit) throw misfit(shape)
  return number
}

/** A tagged time; a bare number of seconds is taken too, as some clients send it. */
function fitTime(shape: Shape, value: unknown): number {
  const seconds = value instanceof CborTime ? value.seconds : value
  const time = typeof seconds === 'number' ? fromEpochSeconds(seconds) : undefined
  if (time === undefined) throw misfit(shape)
  return time
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Uint8Array) &&
  !(value instanceof CborTime)

/** Names the type that was wanted, never the value. */
const misfit = (shape: Shape): ServiceError =>
  serializationException(`A value of the request body can not be converted to a ${shape.type}.`)

/** Writes a handler's value. Absent members are left out, never null. */
export function writeCbor(writer: CborWriter, shape: Shape, value: unknown): void {
  switch (shape.type) {
    case 'structure':
      return writeStructure(writer, shape, value as Readonly<Record<string, unknown>>)
    case 'list': {
      const list = value as readonly unknown[]
      const element = (shape.element as Member).shape
      writer.list(list.length)
      for (const entry of list) writeCbor(writer, element, entry)
      return
    }
    case 'map': {
      const entries = Object.entries(value as object).filter(([, entry]) => isPresent(entry))
      const entryShape = (shape.value as Member).shape
      writer.map(entries.length)
      for (const [key, entry] of entries) {
        writer.text(key)
        writeCbor(writer, entryShape, entry)
      }
      return
    }
    case 'boolean':
      return writer.boolean(value as boolean)
    case 'integer':
    case 'long':
      return writer.integer(value as number)
    case 'float':
    case 'double':
      return writer.double(value as number)
    case 'timestamp':
      return writer.time((value as number) / 1000)
    case 'blob':
      return writer.bytes(value as Uint8Array)
    case 'string':
    case 'character':
      return writer.text(value as string)
  }
}

function writeStructure(writer: CborWriter, shape: Shape, value: Readonly<Record<string, unknown>>): void {
  const present = shape.members.filter((member) => isPresent(value[member.name]))
  writer.map(present.length)
  for (const member of present) {
    writer.text(member.wireName)
    writeCbor(writer, member.shape, value[member.name])
  }
}

const isPresent = (value: unknown): boolean => value !== undefined && value !== null
