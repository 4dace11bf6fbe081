import { describe, expect, it } from 'vitest'
import { chooseChallenge, parseChallenges } from './challenge.ts'

describe('parseChallenges', () => {
  it('reads a Bearer challenge', () => {
    expect(
      parseChallenges(['Bearer realm="https://a/token",service="reg.x",scope="repository:a/b:pull,push"']),
    ).toEqual([
      {
        scheme: 'bearer',
        parameters: { realm: 'https://a/token', service: 'reg.x', scope: 'repository:a/b:pull,push' },
      },
    ])
  })

  it('reads quoted pairs, spaces, bare values and any case', () => {
    expect(parseChallenges(['BASIC Realm = "a \\"b\\" \\\\c" , charset=UTF-8'])).toEqual([
      { scheme: 'basic', parameters: { realm: 'a "b" \\c', charset: 'UTF-8' } },
    ])
  })

  it('reads several challenges, in one line and in several', () => {
    const challenges = parseChallenges(['Basic realm="a, b", Bearer realm="https://t"', 'Negotiate'])
    expect(challenges.map(({ scheme }) => scheme)).toEqual(['basic', 'bearer', 'negotiate'])
    expect(challenges[0]?.parameters.realm).toBe('a, b')
  })

  it.each(['', ',,,', '"', 'Bearer realm="unfinished', '=', '\u0000', 'x'.repeat(9000)])('survives %j', (value) => {
    expect(() => parseChallenges([value])).not.toThrow()
  })

  it('takes no parameter for a member of the object', () => {
    const [challenge] = parseChallenges(['Bearer __proto__="x",constructor="y"'])
    expect(challenge?.parameters.realm).toBeUndefined()
    expect(({} as Record<string, unknown>).x).toBeUndefined()
  })

  it('comes to an end with long hostile values', () => {
    const challenges = parseChallenges([`Bearer ${'a="\\'.repeat(2000)}`, `Bearer a="${'\\"'.repeat(4000)}`])
    expect(challenges.every(({ scheme }) => scheme !== 'basic')).toBe(true)
  })
})

describe('chooseChallenge', () => {
  it('prefers a Bearer with a realm', () => {
    const both = parseChallenges(['Basic realm="x", Bearer realm="https://t"'])
    expect(chooseChallenge(both)?.scheme).toBe('bearer')
    expect(chooseChallenge(parseChallenges(['Bearer service="x", Basic realm="y"']))?.scheme).toBe('basic')
    expect(chooseChallenge(parseChallenges(['Negotiate']))).toBeUndefined()
  })
})
