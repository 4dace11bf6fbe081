// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables look like that
import { describe, expect, it } from 'vitest'
import { compileCondition, fulfils } from './condition.ts'
import type { ContextValue } from './context-values.ts'

/* By the IAM User Guide on condition operators, on multivalued context keys, and on policy variables. */

type Given = ContextValue | undefined
type Case = readonly [operator: string, expected: string | readonly string[], given: Given, holds: boolean]

const MORE = {
  'aws:username': 'ann',
  'aws:principaltag/team': 'red*',
  'x:arn': 'arn:aws:iam::1:role/a',
  'x:many': ['a', 'b'],
}

function holds(operator: string, expected: string | readonly string[], given: Given, allows = true): boolean {
  const context = new Map<string, ContextValue>(Object.entries(MORE))
  if (given !== undefined) context.set('x:key', given)
  const values = typeof expected === 'string' ? [expected] : expected
  return fulfils(compileCondition(operator, 'X:Key', values, true), context, allows)
}

const table = (name: string, cases: readonly Case[]): void =>
  void describe(name, () => {
    it.each(cases)('%s %j of %j: %s', (operator, expected, given, outcome) =>
      expect(holds(operator, expected, given)).toBe(outcome),
    )
  })

// biome-ignore format: one case a line
table('strings', [
  ['StringEquals', 'a', 'a', true],
  ['StringEquals', 'a', 'A', false],
  ['StringEquals', 'a', 'ab', false],
  ['StringEquals', ['a', 'b'], 'b', true],
  ['StringEquals', 'a*', 'ab', false],
  ['StringEquals', 'a*', 'a*', true],
  ['StringEquals', '', '', true],
  ['StringEquals', 'a', undefined, false],
  ['StringNotEquals', 'a', 'a', false],
  ['StringNotEquals', 'a', 'b', true],
  ['StringNotEquals', ['a', 'b'], 'b', false],
  ['StringNotEquals', ['a', 'b'], 'c', true],
  ['StringNotEquals', 'a', undefined, true],
  ['StringEqualsIgnoreCase', 'aB', 'Ab', true],
  ['StringEqualsIgnoreCase', 'aB', 'ac', false],
  ['StringEqualsIgnoreCase', 'a', undefined, false],
  ['StringNotEqualsIgnoreCase', 'aB', 'Ab', false],
  ['StringNotEqualsIgnoreCase', 'aB', 'ac', true],
  ['StringNotEqualsIgnoreCase', 'aB', undefined, true],
  ['StringLike', 'home/*', 'home/ann', true],
  ['StringLike', 'home/*', 'home/', true],
  ['StringLike', 'home/*', 'Home/ann', false],
  ['StringLike', 'h?me', 'home', true],
  ['StringLike', 'h?me', 'hme', false],
  ['StringLike', '*ann*', 'joanne', true],
  ['StringLike', '*', '', true],
  ['StringLike', '', 'a', false],
  ['StringLike', ['', 'home/'], '', true],
  ['StringLike', 'arn:aws:someservice:*:111122223333:finance/*', 'arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt', true],
  ['StringNotLike', 'home/*', 'home/ann', false],
  ['StringNotLike', 'home/*', 'work/ann', true],
  ['StringNotLike', 'home/*', undefined, true],
])

// biome-ignore format: one case a line
table('numbers', [
  ['NumericEquals', '10', '10', true],
  ['NumericEquals', '10', '10.0', true],
  ['NumericEquals', '10', '11', false],
  ['NumericEquals', ['10', '11'], '11', true],
  ['NumericEquals', '10', 'ten', false],
  ['NumericEquals', '10', '', false],
  ['NumericEquals', '10', '0x0a', false],
  ['NumericNotEquals', '10', '11', true],
  ['NumericNotEquals', '10', '10', false],
  ['NumericNotEquals', '10', undefined, true],
  ['NumericLessThan', '10', '9', true],
  ['NumericLessThan', '10', '10', false],
  ['NumericLessThan', '10', '-1', true],
  ['NumericLessThanEquals', '10', '10', true],
  ['NumericLessThanEquals', '10', '10.5', false],
  ['NumericLessThanEquals', '10', undefined, false],
  ['NumericGreaterThan', '10', '11', true],
  ['NumericGreaterThan', '10', '10', false],
  ['NumericGreaterThan', '9', '10', true],
  ['NumericGreaterThanEquals', '10', '10', true],
  ['NumericGreaterThanEquals', '10', '9', false],
])

const NOON = '2026-05-01T12:00:00Z'
// biome-ignore format: one case a line
table('dates', [
  ['DateEquals', NOON, '2026-05-01T14:00:00+02:00', true],
  ['DateEquals', NOON, '2026-05-01T14:00:00+0200', true],
  ['DateEquals', NOON, '1777636800', true],
  ['DateEquals', NOON, '2026-05-01T12:00:01Z', false],
  ['DateNotEquals', NOON, '2026-05-01T12:00:01Z', true],
  ['DateNotEquals', NOON, undefined, true],
  ['DateLessThan', NOON, '2026-05-01T11:59:59.999Z', true],
  ['DateLessThan', NOON, NOON, false],
  ['DateLessThanEquals', NOON, NOON, true],
  ['DateGreaterThan', '2020-01-01T00:00:01Z', NOON, true],
  ['DateGreaterThan', NOON, '2020-01-01T00:00:01Z', false],
  ['DateGreaterThan', '2020-01-01', NOON, true],
  ['DateGreaterThan', '2020', NOON, true],
  ['DateGreaterThan', '2020-13-01', NOON, false],
  ['DateGreaterThanEquals', NOON, NOON, true],
  ['DateGreaterThanEquals', NOON, undefined, false],
  ['DateGreaterThan', NOON, 'tomorrow', false],
])

// biome-ignore format: one case a line
table('booleans and bytes', [
  ['Bool', 'true', 'true', true],
  ['Bool', 'true', 'True', true],
  ['Bool', 'TRUE', 'true', true],
  ['Bool', 'true', 'false', false],
  ['Bool', 'false', 'false', true],
  ['Bool', 'false', undefined, false],
  ['Bool', ['true', 'false'], 'false', true],
  ['BoolIfExists', 'true', undefined, true],
  ['BoolIfExists', 'true', 'false', false],
  ['BinaryEquals', 'QmluYXJ5VmFsdWVJbkJhc2U2NA==', 'QmluYXJ5VmFsdWVJbkJhc2U2NA==', true],
  ['BinaryEquals', 'QmluYXJ5VmFsdWVJbkJhc2U2NA==', 'QmluYXJ5VmFsdWVJbkJhc2U2NA', true],
  ['BinaryEquals', 'QmluYXJ5VmFsdWVJbkJhc2U2NA==', 'QmluYXJ5', false],
  ['BinaryEquals', 'QmluYXJ5', '%', false],
  ['BinaryEquals', 'QmluYXJ5', undefined, false],
])

// biome-ignore format: one case a line
table('addresses', [
  ['IpAddress', '203.0.113.0/24', '203.0.113.255', true],
  ['IpAddress', '203.0.113.0/24', '203.0.114.0', false],
  ['IpAddress', '203.0.113.7', '203.0.113.7', true],
  ['IpAddress', '203.0.113.7', '203.0.113.8', false],
  ['IpAddress', '203.0.113.7/32', '203.0.113.7', true],
  ['IpAddress', '0.0.0.0/0', '198.51.100.1', true],
  ['IpAddress', '0.0.0.0/0', '2001:db8::1', false],
  ['IpAddress', '203.0.113.0/24', '::ffff:203.0.113.9', true],
  ['IpAddress', '2001:DB8:1234:5678::/64', '2001:db8:1234:5678::9', true],
  ['IpAddress', '2001:DB8:1234:5678::/64', '2001:db8:1234:5679::9', false],
  ['IpAddress', '::1', '0:0:0:0:0:0:0:1', true],
  ['IpAddress', ['203.0.113.0/24', '2001:DB8::/32'], '2001:db8:ffff::', true],
  ['IpAddress', '203.0.113.0/24', 'localhost', false],
  ['IpAddress', '203.0.113.0/24', '203.0.113.09', false],
  ['IpAddress', '203.0.113.0/24', undefined, false],
  ['NotIpAddress', '203.0.113.0/24', '203.0.113.1', false],
  ['NotIpAddress', '203.0.113.0/24', '198.51.100.1', true],
  ['NotIpAddress', ['203.0.113.0/24', '198.51.100.0/24'], '198.51.100.1', false],
  ['NotIpAddress', '203.0.113.0/24', undefined, true],
])

const FINANCE = 'arn:aws:someservice:*:111122223333:finance/*'
// biome-ignore format: one case a line
table('ARNs', [
  ['ArnEquals', 'arn:aws:sns:eu-west-1:111122223333:t', 'arn:aws:sns:eu-west-1:111122223333:t', true],
  ['ArnEquals', 'arn:aws:sns:*:111122223333:t*', 'arn:aws:sns:eu-west-1:111122223333:topic', true],
  ['ArnLike', 'arn:aws:sns:*:111122223333:t?', 'arn:aws:sns:eu-west-1:111122223333:tt', true],
  ['ArnLike', 'arn:aws:sns:*:111122223333:T', 'arn:aws:sns:eu-west-1:111122223333:t', false],
  ['ArnLike', FINANCE, 'arn:aws:someservice:us-east-2:111122223333:finance/document.txt', true],
  ['ArnLike', FINANCE, 'arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt', false],
  ['ArnLike', 'arn:aws:logs:*:*:log-group:*', 'arn:aws:logs:eu-west-1:1:log-group:a:b', true],
  ['ArnLike', '*', 'arn:aws:sns:eu-west-1:111122223333:t', true],
  ['ArnLike', '*', 'no ARN', false],
  ['ArnLike', 'arn:aws:iam::*:role/*', undefined, false],
  ['ArnLike', '${x:arn}', 'arn:aws:iam::1:role/a', true],
  ['ArnLike', ['arn:aws:sns:*:*:t', '${x:arn}'], 'arn:aws:iam::1:role/a', true],
  ['ArnLike', 'arn:aws:iam::*:user/${aws:username}', 'arn:aws:iam::1:user/ann', true],
  ['ArnLike', 'arn:aws:iam::*:user/${aws:username}', 'arn:aws:iam::1:user/bob', false],
  ['ArnNotEquals', 'arn:aws:iam::*:role/a', 'arn:aws:iam::1:role/a', false],
  ['ArnNotEquals', 'arn:aws:iam::*:role/a', 'arn:aws:iam::1:role/b', true],
  ['ArnNotLike', 'arn:aws:iam::*:role/*', 'arn:aws:iam::1:user/b', true],
  ['ArnNotLike', 'arn:aws:iam::*:role/*', undefined, true],
])

// biome-ignore format: one case a line
table('whether there is a value', [
  ['Null', 'true', undefined, true],
  ['Null', 'true', 'a', false],
  ['Null', 'false', undefined, false],
  ['Null', 'false', 'a', true],
  ['Null', 'true', [], true],
  ['Null', 'false', [], false],
  ['Null', 'false', ['a'], true],
  ['Null', ['true', 'false'], 'a', true],
  ['StringEqualsIfExists', 'a', undefined, true],
  ['StringEqualsIfExists', 'a', 'a', true],
  ['StringEqualsIfExists', 'a', 'b', false],
  ['StringNotEqualsIfExists', 'a', undefined, true],
  ['StringNotEqualsIfExists', 'a', 'a', false],
  ['StringLikeIfExists', ['t1.*', 't2.*'], 't2.nano', true],
  ['StringLikeIfExists', ['t1.*', 't2.*'], 'm9.large', false],
  ['NumericLessThanIfExists', '10', undefined, true],
  ['DateLessThanIfExists', NOON, undefined, true],
  ['IpAddressIfExists', '203.0.113.0/24', undefined, true],
  ['ArnLikeIfExists', 'arn:aws:iam::*:role/*', undefined, true],
])

// biome-ignore format: one case a line
table('sets', [
  ['ForAllValues:StringEquals', ['a', 'b', 'c'], ['a', 'b'], true],
  ['ForAllValues:StringEquals', ['a', 'b', 'c'], ['a', 'd'], false],
  ['ForAllValues:StringEquals', ['a', 'b', 'c'], 'a', true],
  ['ForAllValues:StringEquals', ['a'], undefined, true],
  ['ForAllValues:StringEquals', ['a'], [], true],
  ['ForAllValues:StringEquals', ['a'], '', true],
  ['ForAllValues:StringLike', 'key1*', ['key1:hr', 'key1:personnel'], true],
  ['ForAllValues:StringNotLike', 'key1*', ['key1:legal'], false],
  ['ForAllValues:StringNotLike', 'key1*', ['key1:hr', 'key1:personnel'], false],
  ['ForAllValues:StringNotLike', 'key1*', ['key2:audit'], true],
  ['ForAllValues:StringNotLike', 'key1*', ['key1:hr', 'key2:audit'], false],
  ['ForAllValues:StringNotLike', 'key1*', undefined, true],
  ['ForAllValues:StringEqualsIfExists', 'a', undefined, true],
  ['ForAllValues:ArnLike', 'arn:aws:iam::*:role/*', ['arn:aws:iam::1:role/a', 'arn:aws:iam::1:user/a'], false],
  ['ForAllValues:NumericLessThan', '10', ['1', '9'], true],
  ['ForAnyValue:StringEquals', ['a', 'b'], ['c', 'b'], true],
  ['ForAnyValue:StringEquals', ['a', 'b'], ['c', 'd'], false],
  ['ForAnyValue:StringEquals', ['a', 'b'], 'a', true],
  ['ForAnyValue:StringEquals', 'a', undefined, false],
  ['ForAnyValue:StringEquals', 'a', [], false],
  ['ForAnyValue:StringEquals', '', '', false],
  ['ForAnyValue:StringNotEquals', 'a', ['a', 'b'], true],
  ['ForAnyValue:StringNotEquals', 'a', ['a'], false],
  ['ForAnyValue:StringNotEquals', 'a', undefined, false],
  ['ForAnyValue:StringEqualsIfExists', 'a', undefined, true],
  ['ForAnyValue:StringLike', 'key1*', ['x', 'key1:hr'], true],
  ['StringEquals', 'a', ['a', 'b'], true],
  ['StringEquals', 'c', ['a', 'b'], false],
  ['StringNotEquals', 'a', ['a', 'b'], false],
  ['StringNotEquals', 'c', ['a', 'b'], true],
])

// biome-ignore format: one case a line
table('variables', [
  ['StringEquals', '${aws:username}', 'ann', true],
  ['StringEquals', '${aws:username}', 'bob', false],
  ['StringEquals', '${AWS:UserName}', 'ann', true],
  ['StringLike', 'home/${aws:username}/*', 'home/ann/x', true],
  ['StringLike', '${aws:PrincipalTag/Team}', 'red*', true],
  ['StringLike', '${aws:PrincipalTag/Team}', 'reddish', false],
  ['StringLike', '${*}${?}', '*?', true],
  ['StringLike', '${*}${?}', 'ab', false],
  ['StringEquals', '${$}{aws:username}', '${aws:username}', true],
  ['StringEquals', "${aws:userid, 'guest'}", 'guest', true],
  ['StringEquals', "${aws:username, 'guest'}", 'ann', true],
  ['StringEquals', '${aws:userid}', '', false],
  ['StringEquals', ['${aws:userid}', 'a'], 'a', true],
  ['StringEquals', '${x:many}', 'a', false],
  ['StringEquals', '${', '${', true],
  ['StringEquals', '${}', '${}', true],
  ['StringEqualsIgnoreCase', '${aws:username}', 'ANN', true],
  ['NumericEquals', '${aws:username}', '1', false],
  ['Bool', '${x:bool}', 'true', false],
])

describe('what cannot be decided', () => {
  it.each([
    ['Nonsense', 'a', 'a'],
    ['ForSomeValues:StringEquals', 'a', 'a'],
    ['stringequals', 'a', 'a'],
    ['NullIfExists', 'true', 'a'],
    ['NumericEquals', 'ten', '10'],
    ['DateLessThan', 'tomorrow', NOON],
    ['IpAddress', '203.0.113.0/33', '203.0.113.1'],
    ['Bool', 'yes', 'true'],
    ['Null', 'perhaps', 'a'],
    ['BinaryEquals', '%', 'a'],
    ['ArnLike', 'arn:aws', 'arn:aws:iam::1:role/a'],
  ])('decides against the caller: %s %s', (operator, expected, given) => {
    expect(holds(operator, expected, given, true)).toBe(false)
    expect(holds(operator, expected, given, false)).toBe(true)
  })

  it.each(['StringNotEquals', 'StringNotLike', 'StringNotEqualsIgnoreCase', 'ArnNotLike'])(
    'a variable without a value in %s does too',
    (operator) => {
      const given = 'arn:aws:iam::1:role/a'
      expect(holds(operator, 'arn:aws:iam::1:role/${aws:userid}', given, true)).toBe(false)
      expect(holds(operator, 'arn:aws:iam::1:role/${aws:userid}', given, false)).toBe(true)
    },
  )
})

it('asks for keys without regard to case, and for no others', () => {
  const asked: string[] = []
  const context = { get: (key: string) => void asked.push(key) }
  fulfils(compileCondition('StringEquals', 'AWS:PrincipalTag/Team', ['a'], true), context, true)
  expect(asked).toEqual(['aws:principaltag/team'])
})

it('takes no value from the prototypes of the language', () => {
  for (const key of ['__proto__', 'constructor', 'x:constructor', 'toString']) {
    const condition = compileCondition('Null', key, ['true'], true)
    expect(fulfils(condition, new Map(), true), key).toBe(true)
  }
})
