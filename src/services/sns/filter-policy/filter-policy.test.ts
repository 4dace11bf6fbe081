import { describe, expect, it } from 'vitest'
import { FilterFault } from './filter-fault.ts'
import { compileFilter } from './filter-policy.ts'

const string = (value: string) => ({ type: 'String', value })
const number = (value: string) => ({ type: 'Number', value })
const list = (...values: unknown[]) => ({ type: 'String.Array', value: JSON.stringify(values) })

const byAttributes = (policy: object, attributes: Record<string, { type: string; value: string }>) =>
  compileFilter(JSON.stringify(policy), 'MessageAttributes')({ message: '', attributes })
const byBody = (policy: object, body: unknown) =>
  compileFilter(
    JSON.stringify(policy),
    'MessageBody',
  )({
    message: typeof body === 'string' ? body : JSON.stringify(body),
    attributes: {},
  })

describe('a filter on attributes', () => {
  // biome-ignore format: one case a line
  it.each([
    ['a value', { a: ['x'] }, { a: string('x') }, true],
    ['another value', { a: ['x'] }, { a: string('X') }, false],
    ['no such attribute', { a: ['x'] }, { b: string('x') }, false],
    ['one of two values', { a: ['x', 'y'] }, { a: string('y') }, true],
    ['all of the keys', { a: ['x'], b: ['y'] }, { a: string('x'), b: string('y') }, true],
    ['only one of the keys', { a: ['x'], b: ['y'] }, { a: string('x') }, false],
    ['an attribute that nobody asks for', { a: ['x'] }, { a: string('x'), c: string('z') }, true],
    ['a number', { a: [5] }, { a: number('5.0') }, true],
    ['a number that is text', { a: [5] }, { a: string('5') }, false],
    ['text that is a number', { a: ['5'] }, { a: number('5') }, false],
    ['five digits behind the point', { a: [0.00001] }, { a: number('0.000014') }, true],
    ['one element of a list', { a: ['x'] }, { a: list('w', 'x') }, true],
    ['true in a list', { a: [true] }, { a: list(true) }, true],
    ['null in a list', { a: [null] }, { a: list(null) }, true],
    ['bytes, which are not looked at', { a: [{ exists: true }] }, { a: { type: 'Binary', value: 'eA==' } }, false],
    ['anything but', { a: [{ 'anything-but': ['x', 'y'] }] }, { a: string('z') }, true],
    ['just that', { a: [{ 'anything-but': ['x', 'y'] }] }, { a: string('y') }, false],
    ['anything but a number', { a: [{ 'anything-but': [100, 500] }] }, { a: number('100') }, false],
    ['anything but, of a list with another element', { a: [{ 'anything-but': ['x'] }] }, { a: list('x', 'y') }, true],
    ['anything but, of a list with nothing else', { a: [{ 'anything-but': ['x'] }] }, { a: list('x') }, false],
    ['anything but, of what is not there', { a: [{ 'anything-but': ['x'] }] }, {}, false],
    ['anything but a prefix', { a: [{ 'anything-but': { prefix: 'or' } }] }, { a: string('order') }, false],
    ['another beginning', { a: [{ 'anything-but': { prefix: 'or' } }] }, { a: string('data') }, true],
    ['anything but a suffix', { a: [{ 'anything-but': { suffix: 'er' } }] }, { a: string('order') }, false],
    ['anything but a pattern', { a: [{ 'anything-but': { wildcard: 'o*r' } }] }, { a: string('order') }, false],
    ['anything but in any case', { a: [{ 'anything-but': { 'equals-ignore-case': ['X', 'Y'] } }] }, { a: string('y') }, false],
    ['a prefix', { a: [{ prefix: 'bas' }] }, { a: string('baseball') }, true],
    ['no prefix', { a: [{ prefix: 'bas' }] }, { a: string('rugby') }, false],
    ['a suffix', { a: [{ suffix: 'ball' }] }, { a: string('baseball') }, true],
    ['a value in any case', { a: [{ 'equals-ignore-case': 'tennis' }] }, { a: string('TeNNis') }, true],
    ['a pattern', { a: [{ wildcard: '*ball' }] }, { a: string('baseball') }, true],
    ['a pattern with two stars', { a: [{ wildcard: 'a*c*e' }] }, { a: string('abcde') }, true],
    ['parts that overlap', { a: [{ wildcard: 'ab*ba' }] }, { a: string('aba') }, false],
    ['parts in another order', { a: [{ wildcard: '*b*a*' }] }, { a: string('a-b') }, false],
    ['a star that is a star', { a: [{ wildcard: 'a\\*b' }] }, { a: string('a*b') }, true],
    ['and nothing else', { a: [{ wildcard: 'a\\*b' }] }, { a: string('axb') }, false],
    ['it is there', { a: [{ exists: true }] }, { a: string('x') }, true],
    ['it is not there', { a: [{ exists: false }] }, { b: string('x') }, true],
    ['it is there after all', { a: [{ exists: false }] }, { a: string('x') }, false],
    ['a value, or nothing', { a: ['x', { exists: false }] }, {}, true],
    ['equal numbers', { a: [{ numeric: ['=', 301.5] }] }, { a: number('301.5') }, true],
    ['less', { a: [{ numeric: ['<', 0] }] }, { a: number('-1') }, true],
    ['not less', { a: [{ numeric: ['<', 0] }] }, { a: number('0') }, false],
    ['a range', { a: [{ numeric: ['>', 0, '<=', 150] }] }, { a: number('150') }, true],
    ['below the range', { a: [{ numeric: ['>', 0, '<=', 150] }] }, { a: number('0') }, false],
    ['above the range', { a: [{ numeric: ['>', 0, '<=', 150] }] }, { a: number('150.1') }, false],
    ['an address', { ip: [{ cidr: '10.0.0.0/24' }] }, { ip: string('10.0.0.255') }, true],
    ['an address elsewhere', { ip: [{ cidr: '10.0.0.0/24' }] }, { ip: string('10.1.1.0') }, false],
    ['an address of version 6', { ip: [{ cidr: '2001:db8::/32' }] }, { ip: string('2001:db8::1') }, true],
    ['what is no address', { ip: [{ cidr: '10.0.0.0/24' }] }, { ip: string('10.0.0') }, false],
    ['one alternative', { s: ['x'], $or: [{ a: ['y'] }, { b: ['z'] }] }, { s: string('x'), b: string('z') }, true],
    ['none of the alternatives', { s: ['x'], $or: [{ a: ['y'] }, { b: ['z'] }] }, { s: string('x') }, false],
    ['an attribute that is called $or', { $or: ['x'] }, { $or: string('x') }, true],
    ['names that objects have anyway', { constructor: [{ exists: true }] }, {}, false],
  ])('%s', (_name, policy, attributes, expected) => {
    expect(byAttributes(policy, attributes as unknown as Record<string, { type: string; value: string }>)).toBe(expected)
  })
})

describe('a filter on the body', () => {
  // biome-ignore format: one case a line
  it.each([
    ['a property below', { a: { b: ['x'] } }, { a: { b: 'x' } }, true],
    ['a property elsewhere', { a: { b: ['x'] } }, { b: 'x' }, false],
    ['a number, a truth, nothing', { a: [1], b: [true], c: [null] }, { a: 1, b: true, c: null }, true],
    ['nothing is not what is missing', { c: [null] }, {}, false],
    ['one object of a list', { a: { b: ['x'], c: [2] } }, { a: [{ b: 'x', c: 1 }, { b: 'x', c: 2 }] }, true],
    ['parts of two objects of a list', { a: { b: ['x'], c: [2] } }, { a: [{ b: 'x', c: 1 }, { b: 'y', c: 2 }] }, false],
    ['one element of a list', { a: ['x'] }, { a: ['w', 'x'] }, true],
    ['alternatives below', { a: { $or: [{ b: ['x'] }, { c: ['y'] }] } }, { a: { c: 'y' } }, true],
    ['what is missing below', { a: { b: [{ exists: false }] } }, { a: {} }, true],
    ['an object is no value, but it is there', { a: [{ exists: true }] }, { a: { b: 1 } }, true],
    ['a body that is no object', { a: [{ exists: false }] }, [1], false],
    ['a body that is no JSON', { a: [{ exists: false }] }, 'hello', false],
  ])('%s', (_name, policy, body, expected) => {
    expect(byBody(policy, body)).toBe(expected)
  })
})

describe('a filter is refused', () => {
  const refusal = (policy: unknown, scope: 'MessageAttributes' | 'MessageBody' = 'MessageAttributes') => {
    try {
      compileFilter(typeof policy === 'string' ? policy : JSON.stringify(policy), scope)
    } catch (error) {
      expect(error).toBeInstanceOf(FilterFault)
      return (error as Error).message
    }
    return undefined
  }

  // biome-ignore format: one case a line
  it.each<[string, unknown, string]>([
    ['when it is no JSON', '{', 'failed to parse JSON'],
    ['when it is no object', '[]', 'must be a JSON object'],
    ['when a property is no list', { a: 'x' }, '"a" must be an object or an array'],
    ['when a list is empty', { a: [] }, 'Empty arrays'],
    ['when it is nested', { a: { b: ['x'] } }, 'does not support nested'],
    ['for an operator that nobody knows', { a: [{ around: 'x' }] }, 'Unrecognized match type around'],
    ['for two operators in one', { a: [{ prefix: 'x', suffix: 'y' }] }, 'Only one key'],
    ['for a list in a list', { a: [['x']] }, 'Match value must be'],
    ['for a prefix that is no text', { a: [{ prefix: 1 }] }, 'must be a string'],
    ['for an existence that is no truth', { a: [{ exists: 'yes' }] }, 'exists match pattern'],
    ['for a range upside down', { a: [{ numeric: ['>', 5, '<', 1] }] }, 'Bottom must be less'],
    ['for a range without a number', { a: [{ numeric: ['>', '5'] }] }, 'Value must be between'],
    ['for a comparison that nobody knows', { a: [{ numeric: ['~', 5] }] }, 'Unrecognized numeric range operator'],
    ['for a number that is too large', { a: [1e10] }, 'Value must be between'],
    ['for a network that is none', { a: [{ cidr: '10.0.0.0/33' }] }, 'Malformed CIDR'],
    ['for stars in a row', { a: [{ wildcard: 'a**b' }] }, 'Consecutive wildcard'],
    ['for more than five keys', Object.fromEntries([...'abcdef'].map((key) => [key, ['x']])), 'more than 5 keys'],
    ['for more than 150 combinations', { a: [...'0123456789abc'], b: [...'0123456789abc'] }, 'too complex'],
    ['for values below in the depth', { a: { b: { c: { d: { e: Array.from({ length: 31 }, (_, at) => at) } } } } }, 'too complex'],
  ])('%s', (_name, policy, message) => {
    const scope = typeof policy === 'object' && JSON.stringify(policy).includes('"d"') && message === 'too complex' ? 'MessageBody' : 'MessageAttributes'
    expect(refusal(policy, scope)).toContain(message)
  })

  it('takes no time for patterns that are meant to take it', () => {
    const filter = compileFilter(JSON.stringify({ a: [{ wildcard: `*${'a*'.repeat(200)}b` }] }), 'MessageAttributes')
    const started = performance.now()
    expect(filter({ message: '', attributes: { a: string('a'.repeat(100_000)) } })).toBe(false)
    expect(performance.now() - started).toBeLessThan(1_000)
  })

  it('looks into lists of any depth and length', () => {
    const deep = (inner: string) => `${'['.repeat(60_000)}${inner}${']'.repeat(60_000)}`
    expect(byBody({ a: ['x'] }, `{"a":${deep('"x"')}}`)).toBe(true)
    expect(byBody({ a: { b: ['x'] } }, `{"a":${deep('{"b":"y"},{"b":"x"}')}}`)).toBe(true)
    expect(byBody({ a: { b: ['x'] } }, `{"a":${deep('{"b":"y"}')}}`)).toBe(false)
    expect(byAttributes({ a: ['x'] }, { a: { type: 'String.Array', value: deep('"y"') } })).toBe(false)
    expect(byBody({ a: ['x'] }, { a: [...Array.from({ length: 200_000 }, () => 1), 'x'] })).toBe(true)
  })

  it('nested a thousand deep', () => {
    expect(refusal(`${'{"a":'.repeat(1_000)}["x"]${'}'.repeat(1_000)}`, 'MessageBody')).toContain('nested too deep')
  })
})
