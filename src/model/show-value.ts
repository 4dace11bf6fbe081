/** Values are echoed in error messages; no more of them than this. */
const MAX_LENGTH = 1024

/** A value as the services show it in a message: text as it is, lists as [a, b], maps by their keys. Long ones are cut. */
export function showValue(value: unknown): string {
  const text = show(value, MAX_LENGTH)
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}...` : text
}

function show(value: unknown, room: number): string {
  if (typeof value === 'string') return value.slice(0, room + 1)
  if (value === null || value === undefined) return 'null'
  if (value instanceof Uint8Array)
    return `java.nio.HeapByteBuffer[pos=0 lim=${value.byteLength} cap=${value.byteLength}]`
  if (Array.isArray(value)) return `[${showAll(value, room, (entry, left) => show(entry, left))}]`
  if (typeof value === 'object') return `{${showAll(Object.entries(value), room, showEntry)}}`
  return String(value)
}

// What a structure or map holds may be private (environments hold passwords): names only.
const showEntry = ([name]: [string, unknown], room: number): string => `${name.slice(0, room)}=...`

function showAll<T>(entries: readonly T[], room: number, showOne: (entry: T, room: number) => string): string {
  let text = ''
  for (const [index, entry] of entries.entries()) {
    if (text.length > room) break
    text += (index === 0 ? '' : ', ') + showOne(entry, room - text.length)
  }
  return text
}
