import { describe, expect, it } from 'vitest'
import { chanceOf } from '../../test/support/chance.ts'
import { compilePattern } from './pattern.ts'
import { loadService, type ServiceId } from './service-description.ts'

const SERVICES: readonly ServiceId[] = ['sagemaker', 'sagemaker-runtime', 's3', 'lambda', 'iam', 'sts', 'logs']

describe('a pattern', () => {
  it.each<[pattern: string, matching: string[], other: string[]]>([
    ['[a-z]+', ['a', 'abc'], ['', 'A', 'abc1', '1abc', 'abc\n']],
    ['[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}', ['a', 'a-b', 'a--b', 'a'.repeat(63)], ['-a', 'a-', 'a_b', 'a'.repeat(64)]],
    ['a{2,3}', ['aa', 'aaa'], ['a', 'aaaa']],
    ['a{2}', ['aa'], ['a', 'aaa']],
    ['a{2,}b?', ['aa', 'aaaaab'], ['a', 'ab']],
    ['(?:ab|cd)*e', ['e', 'abcdabe'], ['abc', 'ae']],
    ['^(NEW_SESSION)$|^[a-z](-*[a-z])*$', ['NEW_SESSION', 'a-b'], ['NEW', 'a-']],
    ['[\\w+=,.@-]+', ['a+b=c,d.e@f-g_h'], ['a b', 'é']],
    ['\\A\\S[\\p{Print}]*\\z', ['a b', '~'], [' a', 'a\tb', 'aé']],
    ['\\p{Alnum}+', ['aZ9'], ['é', '_']],
    ['([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)', ['', 'Ünïcode ٣ 名', 'a_b.c:d/e=f+g-h@i'], ['a#b', '😀']],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a repeated end of text, as published
    ['([\\p{L}]*)${1,128}', ['', 'abc'], ['a1']],
    ['[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+', ['a\tb\n', 'ÿ'], ['', 'Ā', '\u0001']],
    ['(?!\\s*$).+', ['a', ' a '], ['', '   ', 'a\nb']],
    ['(?=.{1,3}$)[a-z](-*[a-z])*', ['a', 'abc', 'a-b'], ['abcd', 'a-']],
    ['[0-9A-Za-z\\.\\-_]*(?<!\\.)', ['a.b', ''], ['a.', '.']],
    ['^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$', ['a-b', 'a-b-c'], ['a--b', '-ab']],
    ['^(?!.*\\..*\\.)[a-z][a-z.]*$', ['a.b', 'ab'], ['a.b.c']],
    ['(?!^[0-9]+$)([a-zA-Z0-9-_]+)', ['a1', '1a'], ['123', '']],
    ['\\bfoo\\b.*', ['foo', 'foo bar'], ['foobar']],
    ['[^/]+', ['abc', '\n'], ['a/b']],
    ['.*', ['', 'abc'], ['a\nb', '\r', '\u2028']],
    ['.{1,2}', ['😀😀'], ['😀😀😀']],
    ['[a-c-]+', ['a-c'], ['d']],
    ['[\\uD83D\\uDE00-\\uD83D\\uDE0F]', ['😀'], ['😐']],
    ['(a*)*b', ['b', 'aaab'], ['aaa']],
    ['(|a)+', ['', 'aaa'], ['b']],
  ])('%s matches whole values only', (pattern, matching, other) => {
    const compiled = compilePattern(pattern)
    for (const value of matching) expect(compiled.matches(value), JSON.stringify(value)).toBe(true)
    for (const value of other) expect(compiled.matches(value), JSON.stringify(value)).toBe(false)
  })

  // A backtracking matcher would not return from these in the lifetime of the machine.
  it.each([
    ['.*(?:[ \\r\\n\\t].*)*', `${' '.repeat(20_000)}\u2028`],
    ['[a-zA-Z0-9](-*[a-zA-Z0-9])*', `${'a-'.repeat(5_000)}!`],
    ['(a+)+', `${'a'.repeat(5_000)}!`],
    ['(a|a)*', `${'a'.repeat(5_000)}!`],
    ['https://([.\\-_a-zA-Z0-9]+/?){3,1016}', `https://${'a'.repeat(1_000)}!`],
    ['((/[A-Za-z0-9\\.,\\+@=_-]+)*)/', `${'/a'.repeat(5_000)}!`],
  ])('%s takes linear time on hostile input', (pattern, value) => {
    expect(compilePattern(pattern).matches(value)).toBe(false)
  })

  // The last of them has more states than are remembered.
  it.each([
    '^(https|s3)://([^/]+)/?(.*)$',
    '^(NEW_SESSION)$|^[a-z](-*[a-z])*$',
    '[a-c/:](-*[a-c]){0,5}',
    '(ab|a|b3)*:?[😀é]{0,2}/?',
    '(?!ab)[a-c3]+',
    '(a|b)*a(a|b|c){14}',
  ])('%s says of random texts what RegExp says, whatever it was asked before', (pattern) => {
    const compiled = compilePattern(pattern)
    const reference = new RegExp(`^(?:${pattern})$`, 'u')
    const { between, pick } = chanceOf(7)
    const characters = ['a', 'a', 'b', 'b', 'c', '3', 's', ':', '/', '-', '\n', 'é', '😀']
    let matching = 0
    for (let round = 0; round < 4_000; round++) {
      const few = characters.slice(0, round % 2 === 0 ? 4 : characters.length)
      const start = pick(['', '', 'a', 's3://', 'https://'])
      const value = start + Array.from({ length: between(0, 23) }, () => pick(few)).join('')
      const expected = reference.test(value)
      expect(compiled.matches(value), JSON.stringify(value)).toBe(expected)
      if (expected) matching++
    }
    expect(matching).toBeGreaterThan(40)
  })

  it.each(['(?<name>a)', '(ab){1,100000}', '(a', 'a)', '[a', '*a', '[b-a]', '\\q', '[[a]b]', '(?i)a'])(
    'refuses %s, which it would not match as published',
    (pattern) => {
      expect(() => compilePattern(pattern)).toThrow(/attern/)
    },
  )

  it.each(SERVICES)('of %s compiles', (id) => {
    for (const shape of loadService(id).shapes.values()) {
      if (shape.pattern !== undefined) compilePattern(shape.pattern)
    }
  })
})
