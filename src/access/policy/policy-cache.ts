import { type CompiledPolicy, compilePolicy } from './compiled-policy.ts'

/** Compiles each document once. Documents never change under the same text, so nothing has to be forgotten in time. */
export interface PolicyCache {
  compile(text: string): CompiledPolicy
}

/**
 * Keeps the documents used last, as long as their texts together have no more than `maximumCharacters`; a compiled
 * policy takes a small multiple of its text.
 */
export function createPolicyCache(maximumCharacters = 16 * 1024 * 1024): PolicyCache {
  const kept = new Map<string, CompiledPolicy>()
  let characters = 0
  return {
    compile(text) {
      const known = kept.get(text)
      if (known !== undefined) {
        kept.delete(text)
        kept.set(text, known)
        return known
      }
      const compiled = compilePolicy(text)
      if (text.length > maximumCharacters) return compiled
      kept.set(text, compiled)
      characters += text.length
      for (const oldest of kept.keys()) {
        if (characters <= maximumCharacters) break
        kept.delete(oldest)
        characters -= oldest.length
      }
      return compiled
    },
  }
}
