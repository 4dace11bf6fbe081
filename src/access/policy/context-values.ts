/**
 * The values of condition keys in a request. Keys are asked for in lower case (`aws:principaltag/team`); a key that the
 * request does not have is undefined. A `Map` is one; an object that works values out when asked is another.
 */
export interface ContextValues {
  get(key: string): ContextValue | undefined
}

export type ContextValue = string | readonly string[]

/** The value of a key with one value. Keys with several cannot be policy variables. */
export function singleValue(value: ContextValue | undefined): string | undefined {
  if (typeof value === 'string' || value === undefined) return value
  return value.length === 1 ? value[0] : undefined
}
