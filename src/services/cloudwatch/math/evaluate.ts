import { applyFunction, type Range } from './functions.ts'
import type { Node, Operator } from './parse.ts'
import { MathError } from './tokens.ts'
import { combine, isSeries, mapValue, type TimeSeries, type Value } from './values.ts'

/** What an expression can look up. */
export interface Scope extends Range {
  /** What a query of that id comes to; undefined when there is none. */
  find(id: string): Value | undefined
  /** The series of the queries for metrics whose id contains the text. */
  metrics(part: string): readonly TimeSeries[]
  /** How many values may still be worked out: expressions that use one another can ask for any amount. */
  readonly budget: { left: number }
}

/** A list that is longer has been made by doubling it. */
const LONGEST_LIST = 500

const flag = (value: boolean): number => (value ? 1 : 0)

const OPERATORS: Readonly<Record<Operator, (left: number, right: number) => number>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '%': (left, right) => left % right,
  '^': (left, right) => left ** right,
  '<': (left, right) => flag(left < right),
  '<=': (left, right) => flag(left <= right),
  '>': (left, right) => flag(left > right),
  '>=': (left, right) => flag(left >= right),
  '==': (left, right) => flag(left === right),
  '!=': (left, right) => flag(left !== right),
  and: (left, right) => flag(left !== 0 && right !== 0),
  or: (left, right) => flag(left !== 0 || right !== 0),
}

/** Works an expression out. @throws MathError, and NotImplemented for a function that is refused by name */
export function evaluate(node: Node, scope: Scope): Value {
  const value = workOut(node, scope)
  if (node.kind === 'name' || typeof value === 'number') return value
  const list = isSeries(value) ? [value] : value
  if (list.length > LONGEST_LIST) throw new MathError(`it makes a list of more than ${LONGEST_LIST} time series`)
  if (node.kind !== 'list') scope.budget.left -= list.reduce((size, { values }) => size + values.size, 0)
  if (scope.budget.left < 0) throw new MathError('it takes too many values to work out')
  return value
}

function workOut(node: Node, scope: Scope): Value {
  switch (node.kind) {
    case 'number':
      return node.value
    case 'text':
      throw new MathError('a text stands where a value should')
    case 'name': {
      const found = scope.find(node.name)
      if (found === undefined) throw new MathError(`${node.name} is not the id of a metric or an expression`)
      return found
    }
    case 'list':
      return node.items.flatMap((item) => {
        const value = evaluate(item, scope)
        if (typeof value === 'number') throw new MathError('a list holds time series')
        return isSeries(value) ? [value] : value
      })
    case 'negative':
      return mapValue(evaluate(node.of, scope), (value) => -value)
    case 'binary':
      return combine(evaluate(node.left, scope), evaluate(node.right, scope), OPERATORS[node.operator])
    case 'call':
      return call(node.name, node.args, scope)
  }
}

function call(name: string, args: readonly Node[], scope: Scope): Value {
  if (name === 'METRICS') {
    const [filter] = args
    if (args.length > 1 || (filter !== undefined && filter.kind !== 'text'))
      throw new MathError('METRICS takes a text or nothing')
    return scope.metrics(filter === undefined ? '' : (filter as { readonly value: string }).value)
  }
  const values: Value[] = []
  const words: string[] = []
  for (const arg of args) {
    if (arg.kind === 'name' && scope.find(arg.name) === undefined) words.push(arg.name)
    // A function that is refused is told of by its name, whatever it is given.
    else if (arg.kind !== 'text') values.push(evaluate(arg, scope))
  }
  return applyFunction(name, values, words, scope)
}
