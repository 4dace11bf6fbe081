import type { Member, Shape } from '../../src/model/service-description.ts'

const TIME = Date.UTC(2026, 1, 3, 4, 5, 6)
const AWKWARD = 'a b/ü+&<>"\'%2F=~é😀'

/** A value with every member of a shape set, to be sent through a codec; recursive shapes end at the third level. */
export function sample(shape: Shape, depth = 0): unknown {
  switch (shape.type) {
    case 'structure': {
      const structure: Record<string, unknown> = {}
      for (const member of shape.members) {
        if (depth > 6 && !isScalar(member.shape)) continue
        structure[member.name] = sampleMember(member, depth)
      }
      return structure
    }
    case 'list': {
      const element = shape.element as Member
      if (element.shape.type === 'structure')
        return [sample(element.shape, depth + 1), sample(element.shape, depth + 1)]
      return [sample(element.shape, depth + 1)]
    }
    case 'map':
      return {
        [shape.key?.shape.enum?.values().next().value ?? 'first key']: sample((shape.value as Member).shape, depth + 1),
      }
    case 'boolean':
      return true
    case 'integer':
      return 17
    case 'long':
      return 1_722_945_600_123
    case 'float':
    case 'double':
      return 0.25
    case 'timestamp':
      return TIME
    case 'blob':
      return Buffer.from([0, 255, 10, 13, 65])
    case 'string':
    case 'character':
      return shape.enum?.values().next().value ?? AWKWARD
  }
}

// Headers carry no other characters, and lists in headers are cut at commas.
function sampleMember(member: Member, depth: number): unknown {
  const inHeader = member.location === 'header' || member.location === 'headers'
  if (inHeader && member.shape.type === 'string' && member.shape.enum === undefined) return 'plain text; q=1'
  if (member.location === 'headers') return { 'one-key': 'its value', other: 'b' }
  if (inHeader && member.shape.element?.shape.type === 'string' && member.shape.element.shape.enum === undefined)
    return ['one']
  if (member.location === 'statusCode') return 202
  return sample(member.shape, depth + 1)
}

const isScalar = (shape: Shape): boolean => !['structure', 'list', 'map'].includes(shape.type)

/** Tags what JSON cannot hold, by shape: times and bytes. */
export function tagged(shape: Shape, value: unknown): unknown {
  if (value === undefined || value === null) return value
  switch (shape.type) {
    case 'structure': {
      const entries = shape.members
        .filter((member) => (value as Record<string, unknown>)[member.name] !== undefined)
        .map((member) => [member.name, tagged(member.shape, (value as Record<string, unknown>)[member.name])])
      return Object.fromEntries(entries)
    }
    case 'list':
      return (value as unknown[]).map((entry) => tagged((shape.element as Member).shape, entry))
    case 'map': {
      const entries = Object.entries(value as object)
      return Object.fromEntries(entries.map(([key, entry]) => [key, tagged((shape.value as Member).shape, entry)]))
    }
    case 'timestamp':
      return { $time: value }
    case 'blob':
      return { $blob: Buffer.from(value as Uint8Array).toString('base64') }
    default:
      return value
  }
}
