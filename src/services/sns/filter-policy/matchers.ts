import { BlockList, isIP } from 'node:net'
import { FilterFault } from './filter-fault.ts'
import { compileWildcard } from './wildcard.ts'

export type Scalar = string | number | boolean | null

/** Whether any of a property's values is what is asked for; the values are undefined when there is no such property. */
export type Matcher = (values: readonly Scalar[] | undefined) => boolean

type Test = (value: Scalar) => boolean

const MOST = 1e9
/** Numbers are told apart to five digits behind the point. */
const digits = (value: number): number => Math.round(value * 1e5)

const isScalar = (value: unknown): value is Scalar =>
  value === null || ['string', 'number', 'boolean'].includes(typeof value)

/** One element of a property's list: a value, or an object that names an operator. @throws FilterFault */
export function compileMatcher(condition: unknown): Matcher {
  if (isScalar(condition)) return any(equals(condition))
  if (typeof condition !== 'object' || Array.isArray(condition) || condition === null)
    throw new FilterFault('Match value must be String, number, true, false, or null')
  const entries = Object.entries(condition)
  const [operator, operand] = entries[0] ?? []
  if (operator === undefined || entries.length !== 1) throw new FilterFault('Only one key allowed in match expression')
  if (operator === 'exists') {
    if (typeof operand !== 'boolean') throw new FilterFault('exists match pattern must be either true or false.')
    return (values) => (values !== undefined) === operand
  }
  if (operator === 'anything-but') return any(not(compileExceptions(operand)))
  return any(compileTest(operator, operand))
}

const any =
  (test: Test): Matcher =>
  (values) =>
    values?.some(test) ?? false

const not =
  (test: Test): Test =>
  (value) =>
    !test(value)

/** What `anything-but` names: a value, a list of them, or an operator. */
function compileExceptions(operand: unknown): Test {
  const list = Array.isArray(operand) ? (operand as readonly unknown[]) : [operand]
  if (list.length === 0) throw new FilterFault('anything-but list must not be empty')
  if (list.every((one) => typeof one === 'string' || typeof one === 'number')) {
    const tests = list.map((one) => equals(one))
    return (value) => tests.some((test) => test(value))
  }
  const entries =
    typeof operand === 'object' && operand !== null && !Array.isArray(operand) ? Object.entries(operand) : []
  const [operator, inner] = entries[0] ?? []
  if (
    operator === undefined ||
    entries.length !== 1 ||
    !['prefix', 'suffix', 'wildcard', 'equals-ignore-case'].includes(operator)
  )
    throw new FilterFault(
      'anything-but must be a String, a number, a list of them, or an expression of prefix, suffix, wildcard or equals-ignore-case',
    )
  const tests = (Array.isArray(inner) ? (inner as readonly unknown[]) : [inner]).map((one) =>
    compileTest(operator, one),
  )
  if (tests.length === 0) throw new FilterFault('anything-but list must not be empty')
  return (value) => tests.some((test) => test(value))
}

function compileTest(operator: string, operand: unknown): Test {
  if (operator === 'numeric') return compileNumeric(operand)
  if (typeof operand !== 'string') {
    if (['prefix', 'suffix', 'equals-ignore-case', 'cidr', 'wildcard'].includes(operator))
      throw new FilterFault(`${operator} match pattern must be a string`)
    throw new FilterFault(`Unrecognized match type ${operator.slice(0, 64)}`)
  }
  switch (operator) {
    case 'prefix':
      return onText((value) => value.startsWith(operand))
    case 'suffix':
      return onText((value) => value.endsWith(operand))
    case 'equals-ignore-case': {
      const folded = operand.toLowerCase()
      return onText((value) => value.toLowerCase() === folded)
    }
    case 'wildcard':
      return onText(compileWildcard(operand))
    case 'cidr':
      return onText(compileNetwork(operand))
    default:
      throw new FilterFault(`Unrecognized match type ${operator.slice(0, 64)}`)
  }
}

const onText =
  (test: (value: string) => boolean): Test =>
  (value) =>
    typeof value === 'string' && test(value)

function equals(wanted: Scalar): Test {
  if (typeof wanted !== 'number') return (value) => value === wanted
  const number = digits(checked(wanted))
  return (value) => typeof value === 'number' && digits(value) === number
}

function checked(value: unknown): number {
  if (typeof value !== 'number' || Math.abs(value) > MOST)
    throw new FilterFault('Value must be between -1.0E9 and 1.0E9, inclusive')
  return value
}

const COMPARISONS: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '=': (value, bound) => value === bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
}

/** `["=", 1]`, or one or two bounds: `[">", 0, "<=", 150]`. */
function compileNumeric(operand: unknown): Test {
  if (!Array.isArray(operand) || ![2, 4].includes(operand.length))
    throw new FilterFault('Value of numeric must be an array of one or two comparisons')
  const list = operand as readonly unknown[]
  const bounds: { readonly sign: string; readonly bound: number }[] = []
  for (let at = 0; at < list.length; at += 2) {
    const sign = list[at]
    if (typeof sign !== 'string' || !Object.hasOwn(COMPARISONS, sign))
      throw new FilterFault(`Unrecognized numeric range operator: ${String(sign).slice(0, 16)}`)
    bounds.push({ sign, bound: digits(checked(list[at + 1])) })
  }
  const [first, second] = bounds as [(typeof bounds)[0], (typeof bounds)[0] | undefined]
  if (second !== undefined) {
    if (!first.sign.startsWith('>') || !second.sign.startsWith('<'))
      throw new FilterFault('A numeric range begins with > or >= and ends with < or <=')
    if (first.bound >= second.bound) throw new FilterFault('Bottom must be less than top')
  }
  return (value) =>
    typeof value === 'number' && bounds.every(({ sign, bound }) => COMPARISONS[sign]?.(digits(value), bound))
}

/** `10.0.0.0/24`, of both versions; an address alone is a network of one. */
function compileNetwork(text: string): (address: string) => boolean {
  const [network = '', length, ...rest] = text.split('/')
  const version = isIP(network)
  const longest = version === 4 ? 32 : 128
  const bits = length === undefined ? longest : /^\d{1,3}$/.test(length) ? Number(length) : -1
  if (version === 0 || rest.length > 0 || bits < 0 || bits > longest)
    throw new FilterFault(`Malformed CIDR: ${text.slice(0, 64)}`)
  const family = version === 4 ? 'ipv4' : 'ipv6'
  const list = new BlockList()
  list.addSubnet(network, bits, family)
  return (address) => isIP(address) === version && list.check(address, family)
}
