import type { Definition } from './definition.ts'

/** The shapes that the given operations need, by the direction in which they travel. */
export interface Reach {
  readonly inputs: ReadonlySet<string>
  readonly outputs: ReadonlySet<string>
  readonly all: readonly string[]
}

export function reach(definition: Definition, operations: readonly string[]): Reach {
  const inputs = new Set<string>()
  const outputs = new Set<string>()
  for (const name of operations) {
    const operation = definition.operations[name]
    if (operation === undefined) throw new Error(`The definition has no operation ${name}.`)
    if (operation.input !== undefined) follow(definition, operation.input.shape, inputs)
    if (operation.output !== undefined) follow(definition, operation.output.shape, outputs)
    for (const error of operation.errors ?? []) follow(definition, error.shape, outputs)
  }
  return { inputs, outputs, all: [...new Set([...inputs, ...outputs])].sort() }
}

function follow(definition: Definition, name: string, seen: Set<string>): void {
  if (seen.has(name)) return
  seen.add(name)
  const shape = definition.shapes[name]
  if (shape === undefined) throw new Error(`The definition has no shape ${name}.`)
  for (const member of Object.values(shape.members ?? {})) follow(definition, member.shape, seen)
  for (const member of [shape.member, shape.key, shape.value]) {
    if (member !== undefined) follow(definition, member.shape, seen)
  }
}
