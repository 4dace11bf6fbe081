/** The conditional headers of a request; times in milliseconds. */
export interface Conditions {
  readonly ifMatch?: string | undefined
  readonly ifNoneMatch?: string | undefined
  readonly ifModifiedSince?: number | undefined
  readonly ifUnmodifiedSince?: number | undefined
}

/** The condition that does not hold. */
export type FailedCondition = 'If-Match' | 'If-Unmodified-Since' | 'If-None-Match' | 'If-Modified-Since'

/**
 * Which condition forbids going on, if any. The entity tags win over the times, as RFC 9110 §13.2.2 has it and S3
 * documents: a matching If-Match makes If-Unmodified-Since idle, a given If-None-Match makes If-Modified-Since idle.
 *
 * @param now a time of If-Modified-Since that still lies ahead is ignored
 */
export function failedCondition(
  conditions: Conditions,
  object: { readonly etag: string; readonly lastModified: number },
  now: number,
): FailedCondition | undefined {
  if (conditions.ifMatch !== undefined) {
    if (!matchesEtag(conditions.ifMatch, object.etag)) return 'If-Match'
  } else if (conditions.ifUnmodifiedSince !== undefined && object.lastModified > conditions.ifUnmodifiedSince) {
    return 'If-Unmodified-Since'
  }
  if (conditions.ifNoneMatch !== undefined) {
    if (matchesEtag(conditions.ifNoneMatch, object.etag)) return 'If-None-Match'
  } else if (
    conditions.ifModifiedSince !== undefined &&
    conditions.ifModifiedSince <= now &&
    object.lastModified <= conditions.ifModifiedSince
  ) {
    return 'If-Modified-Since'
  }
  return undefined
}

/** Whether a list of entity tags, or `*`, covers this one. Quotes may be missing, as S3 lets them. */
export const matchesEtag = (header: string, etag: string): boolean =>
  header.split(',').some((entry) => {
    const tag = unquoteEtag(entry)
    return tag === '*' || tag === etag
  })

/** The bare tag of `"tag"`, `W/"tag"` or `tag`. */
export const unquoteEtag = (text: string): string =>
  text
    .trim()
    .replace(/^W\//, '')
    .replace(/^"(.*)"$/, '$1')
