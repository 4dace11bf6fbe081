import { describe, expect, test } from 'vitest'
import { parseFilterPattern } from './filter-pattern.ts'

const matches = (pattern: string, message: string) => parseFilterPattern(pattern)(message)

describe('a filter pattern', () => {
  test.each([
    ['', 'anything', true],
    ['  ', 'anything', true],
    ['ERROR', 'an ERROR here', true],
    ['ERROR', 'an error here', false],
    ['ERROR disk', 'disk: ERROR', true],
    ['ERROR disk', 'ERROR', false],
    ['"disk is full"', 'the disk is full now', true],
    ['"disk is full"', 'the disk is not full', false],
    ['"say \\"hi\\""', 'they say "hi"', true],
    ['ERROR -disk', 'ERROR net', true],
    ['ERROR -disk', 'ERROR disk', false],
    ['-"disk full"', 'disk full', false],
    ['?ERROR ?WARN', 'WARN', true],
    ['?ERROR ?WARN', 'INFO', false],
    ['?ERROR REQUEST', 'REQUEST', true],
    ['?ERROR REQUEST', 'ERROR', false],
  ])('%j on %j is %s', (pattern, message, expected) => {
    expect(matches(pattern, message)).toBe(expected)
  })

  test.each(['{ $.level = "ERROR" }', '[ip, user, ...]', '%ERR.R%'])('refuses %j by name', (pattern) => {
    expect(() => parseFilterPattern(pattern)).toThrow('is not implemented by Slipway')
  })

  test.each(['"open', 'a "open'])('refuses the broken %j', (pattern) => {
    expect(() => parseFilterPattern(pattern)).toThrow('Invalid filter pattern')
  })
})
