import { headerNotImplemented, noSuchKey, preconditionFailed } from '../errors.ts'
import { matchesEtag } from './preconditions.ts'

/** What must hold of the object at a key for a write to replace it. */
export type WriteCondition =
  | { readonly kind: 'none' }
  /** There is no object at the key. */
  | { readonly kind: 'absent' }
  /** There is one with this entity tag. */
  | { readonly kind: 'matches'; readonly etag: string }

/**
 * Reads If-Match and If-None-Match of a write. S3 takes either, and of If-None-Match only `*`.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export function writeCondition(input: { IfMatch?: string; IfNoneMatch?: string }): WriteCondition {
  if (input.IfMatch !== undefined && input.IfNoneMatch !== undefined) {
    throw headerNotImplemented('If-Match,If-None-Match', 'Multiple conditional request headers present in the request')
  }
  if (input.IfNoneMatch !== undefined) {
    if (input.IfNoneMatch.trim() === '*') return { kind: 'absent' }
    throw headerNotImplemented(
      'If-None-Match',
      "We don't accept the provided value of If-None-Match header for this API",
    )
  }
  if (input.IfMatch === undefined) return { kind: 'none' }
  if (input.IfMatch.trim() === '*') {
    throw headerNotImplemented('If-Match', "We don't accept the provided value of If-Match header for this API")
  }
  return { kind: 'matches', etag: input.IfMatch }
}

/**
 * Judges the condition against what is there now, before a body is read. The unit of work judges it once more, so that
 * of two writers that both pass here only one goes through.
 */
export function checkWriteCondition(condition: WriteCondition, key: string, found: { etag: string } | undefined): void {
  if (condition.kind === 'absent' && found !== undefined) throw preconditionFailed('If-None-Match')
  if (condition.kind !== 'matches') return
  if (found === undefined) throw noSuchKey(key)
  if (!matchesEtag(condition.etag, found.etag)) throw preconditionFailed('If-Match')
}
