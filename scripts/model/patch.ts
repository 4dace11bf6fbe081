import type { Definition } from './definition.ts'

/** One correction of a published definition. A trait set to null is removed. */
export interface Patch {
  readonly service: string
  /** The service's metadata is changed. */
  readonly metadata?: true
  readonly shape?: string
  /** The structure's member to change; without it the shape itself is changed. */
  readonly member?: string
  readonly set: Readonly<Record<string, unknown>>
  readonly why: string
}

/** Applies a service's corrections in place. A correction that meets nothing is an error: it has gone stale. */
export function applyPatches(definition: Definition, patches: readonly Patch[]): void {
  for (const patch of patches) {
    const target = find(definition, patch)
    if (target === undefined) {
      throw new Error(`Patch of ${patch.service} ${patch.shape ?? ''}.${patch.member ?? ''} meets nothing.`)
    }
    for (const [trait, value] of Object.entries(patch.set)) {
      if (value === null) delete target[trait]
      else Object.assign(target, { [trait]: value })
    }
  }
}

function find(definition: Definition, patch: Patch): Record<string, unknown> | undefined {
  if (patch.metadata === true) return definition.metadata
  const shape = definition.shapes[patch.shape ?? '']
  return patch.member === undefined ? shape : shape?.members?.[patch.member]
}
