// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables look like that
import { describe, expect, it } from 'vitest'
import { ANY, ANY_IN_FIELD, compilePattern, matchPattern, ONE, YES } from './pattern.ts'
import { tokenize, tokenizeResource } from './tokens.ts'

const compile = (pattern: string, ignoreCase = false) =>
  compilePattern(tokenize(pattern, { variables: true, wildcards: true }), ignoreCase)
const matches = (pattern: string, text: string) => matchPattern(compile(pattern), text, new Map()) === YES
const matchesArn = (pattern: string, text: string) =>
  matchPattern(compilePattern(tokenizeResource(pattern, true)), text, new Map()) === YES

describe('a pattern', () => {
  // biome-ignore format: one case a line
  it.each([
    ['', '', true], ['', 'a', false], ['a', '', false], ['*', '', true], ['?', '', false], ['?', 'ab', false],
    ['**', 'anything', true], ['a*', 'a', true], ['*a', 'a', true], ['*a', 'ba', true], ['*a', 'ab', false],
    ['a*b', 'ab', true], ['a*b', 'aXb', true], ['a*b', 'aXbY', false], ['a*a', 'a', false], ['ab*ba', 'aba', false],
    ['*ab*', 'xaby', true], ['*ab*ab*', 'xab', false], ['*ab*ab*', 'abab', true], ['a?c', 'abc', true],
    ['a??', 'ab', false], ['*?', '', false], ['*?', 'x', true], ['?*?', 'x', false], ['?*?', 'xy', true],
    ['*a?c*', 'xxabcxx', true], ['*a?c*', 'xxaac', true], ['*a?c', 'abcabd', false], ['a*?b', 'ab', false],
    ['[a]', 'a', false], ['a.c', 'abc', false], ['a+', 'aa', false], ['a\\*', 'a\\x', true], ['a$', 'a', false],
    ['*\n*', 'a\nb', true], ['a*', 'a\nb', true],
  ])('%j, %j: %s', (pattern, text, expected) => expect(matches(pattern, text)).toBe(expected))

  it('is compiled to the cheapest kind', () => {
    expect(compile('*').kind).toBe('any')
    expect(compile('***').kind).toBe('any')
    expect(compile('abc').kind).toBe('literal')
    expect(compile('abc**').kind).toBe('prefix')
    expect(compile('a*c').kind).toBe('glob')
  })

  it('agrees with a plain matcher on random input', () => {
    const random = sequence(7)
    const pick = (letters: string, length: number) =>
      Array.from({ length: Math.floor(random() * length) }, () => letters[Math.floor(random() * letters.length)]).join(
        '',
      )
    for (let round = 0; round < 20_000; round += 1) {
      const pattern = pick('ab:*?', 8)
      const text = pick('ab:', 10)
      expect(matches(pattern, text), `${pattern} ${text}`).toBe(plain(pattern, text))
    }
  })
})

describe('a pattern of many places', () => {
  const random = sequence(11)
  const letter = () => (random() < 0.8 ? 'a' : 'b')

  it.each([17, 31, 32, 33, 63, 64, 65, 90])('of %d between stars is found where it is', (length) => {
    for (let round = 0; round < 300; round += 1) {
      const word = Array.from({ length }, letter).join('')
      const holed = Array.from(word, (char, index) => (index === 3 || random() < 0.3 ? '?' : char)).join('')
      const text = `${letter()}${letter()}${random() < 0.5 ? word : word.slice(1)}${letter()}`
      for (const pattern of [`*${holed}*`, `*${holed}*b`, `a*${holed}*${holed}*`])
        expect(matches(pattern, text), `${pattern} ${text}`).toBe(plain(pattern, text))
    }
  })

  it('with stars inside fields agrees with a plain matcher', () => {
    for (let round = 0; round < 5_000; round += 1) {
      const tokens = Array.from({ length: 1 + Math.floor(random() * 50) }, () => 'aab:??*~'[Math.floor(random() * 8)]!)
      // Few stars: the plain matcher tries everything.
      const few = tokens.filter((token, index) => !'*~'.includes(token) || index % 12 === 0)
      const text = few.map((token) => ('?*~'.includes(token) ? 'ab:'[Math.floor(random() * 3)] : token)).join('')
      const special: Readonly<Record<string, symbol>> = { '*': ANY, '~': ANY_IN_FIELD, '?': ONE }
      const pattern = compilePattern(few.map((token) => (special[token] ?? token) as string))
      expect(matchPattern(pattern, text, new Map()) === YES, `${few.join('')} ${text}`).toBe(plain(few.join(''), text))
    }
  })
})

/** Reference: the definition, without any cleverness. `~` is a star inside a field. */
function plain(pattern: string, text: string): boolean {
  if (pattern === '') return text === ''
  if (pattern[0] === '*') return plain(pattern.slice(1), text) || (text !== '' && plain(pattern, text.slice(1)))
  if (pattern[0] === '~')
    return plain(pattern.slice(1), text) || (text !== '' && text[0] !== ':' && plain(pattern, text.slice(1)))
  return text !== '' && (pattern[0] === '?' || pattern[0] === text[0]) && plain(pattern.slice(1), text.slice(1))
}

/** Numbers from 0 to 1, the same in every run. */
function sequence(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return state / 4_294_967_296
  }
}

describe('time', () => {
  const text = 'a'.repeat(20_000)
  it.each([
    ['stars in a row', `${'*'.repeat(20_000)}a`, text],
    ['stars in a row without a match', `${'*'.repeat(20_000)}b`, text],
    ['stars between letters', `${'*a'.repeat(9_000)}b`, text],
    ['question marks between stars', `${'*?'.repeat(9_000)}b`, text],
    ['a long word behind a star', `*${'a'.repeat(9_000)}b*`, text],
    ['a long word with a question mark', `*${'a'.repeat(1_000)}?${'a'.repeat(1_000)}b*`, text.slice(0, 8_000)],
    ['a long word of question marks', `*${'a?'.repeat(10_000)}b*`, text.repeat(2)],
    ['many variables that never end', '${'.repeat(200_000), text],
  ])('does not grow without bounds with %s', (_, pattern, long) => {
    const start = performance.now()
    matches(pattern, long)
    expect(performance.now() - start).toBeLessThan(1_500)
  })

  it('does not grow without bounds with stars inside the fields of an ARN', () => {
    const pattern = `arn:aws:sqs:${'*a'.repeat(5_000)}b:1:x`
    const start = performance.now()
    expect(matchesArn(pattern, `arn:aws:sqs:${'a'.repeat(20_000)}:1:x`)).toBe(false)
    expect(performance.now() - start).toBeLessThan(1_500)
  })
})

it('keeps a star inside a field from crossing colons, wherever the match may begin', () => {
  expect(matchesArn('arn:aws:sqs:eu-*t-1:1:jobs', 'arn:aws:sqs:eu-west-1:1:jobs')).toBe(true)
  expect(matchesArn('arn:aws:sqs:eu-*t-1:1:jobs', 'arn:aws:sqs:eu-x:1:t-1:1:jobs')).toBe(false)
  expect(matchesArn('arn:aws:sqs:*:*1:jobs', 'arn:aws:sqs:a:b:11:jobs')).toBe(true)
  expect(matchesArn('arn:aws:sqs:?*-1:*:jobs', 'arn:aws:sqs:eu-1:9:jobs')).toBe(true)
})
