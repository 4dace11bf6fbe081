import { headerText, type SignableRequest } from './signable-request.ts'

/** What a SignedHeaders list asks for. */
export interface HeaderPlan {
  /** The list as the client wrote it, `;` between lower-case names. */
  readonly text: string
  readonly names: readonly string[]
  readonly signed: ReadonlySet<string>
}

const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/

/** Splits a SignedHeaders list; undefined when it is not one: an upper-case or empty name, or a name twice. */
export function planHeaders(text: string): HeaderPlan | undefined {
  const names = text.split(';')
  const signed = new Set(names)
  if (signed.size !== names.length || !names.every((name) => NAME.test(name))) return undefined
  return { text, names, signed }
}

/**
 * The `x-amz-…` headers of the request that the list leaves out. They change what a request means, so AWS wants each of
 * them signed. `x-amz-cf-id` is written by content networks on the way.
 */
export function unsignedAmazonHeaders(request: SignableRequest, plan: HeaderPlan): readonly string[] {
  let missing: string[] | undefined
  for (const name in request.headers) {
    if (!name.startsWith('x-amz-') || plan.signed.has(name) || name === 'x-amz-cf-id') continue
    if (missing === undefined) missing = []
    missing.push(name)
  }
  return missing ?? NONE
}

const NONE: readonly string[] = []

/** The canonical headers: `name:value\n` in the order of the list. */
export function canonicalHeaders(request: SignableRequest, plan: HeaderPlan): string {
  let text = ''
  for (const name of plan.names) text += `${name}:${signedValue(request, name)}\n`
  // Most values are as they have to be, which is seen of all of them at once.
  if (!NEEDS_TRIMMING.test(text)) return text
  text = ''
  for (const name of plan.names) text += `${name}:${collapse(signedValue(request, name))}\n`
  return text
}

// Values are bytes in disguise, so only space and tab count as white space: \s would eat parts of UTF-8 sequences.
const NEEDS_TRIMMING = /\t| [ \n]|: /

function signedValue(request: SignableRequest, name: string): string {
  const value = headerText(request, name)
  if (value === undefined) return ''
  if (request.rawHeaders !== undefined && value.includes(', ')) {
    const values = repeatedValues(request.rawHeaders, name)
    if (values.length > 1) return values.map(collapse).join(',')
  }
  return value
}

const collapse = (value: string): string => value.replace(/^[ \t]+|[ \t]+$/g, '').replace(/[ \t]+/g, ' ')

// node:http joins repeated headers with ', ', a signer with ','.
function repeatedValues(rawHeaders: readonly string[], name: string): string[] {
  const values: string[] = []
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    if (rawHeaders[index]!.toLowerCase() === name) values.push(rawHeaders[index + 1]!)
  }
  return values
}
