import { describe, expect, it } from 'vitest'
import { parseCredentials } from './registry-credentials.ts'

describe('parseCredentials', () => {
  const parse = (text: string) => parseCredentials(Buffer.from(text))

  it('reads what the contract says', () => {
    expect(parse('{"Credentials":{"Username":"u","Password":"p"}}')).toEqual({ username: 'u', password: 'p' })
  })

  it.each([
    '',
    'null',
    '[]',
    '"x"',
    '{',
    '{"Credentials":null}',
    '{"Credentials":{"Username":"u"}}',
    '{"Credentials":{"Username":1,"Password":"p"}}',
    '{"Credentials":{"Username":"","Password":"p"}}',
    '{"credentials":{"Username":"u","Password":"p"}}',
    '{"Username":"u","Password":"p"}',
  ])('takes %j for no credentials', (text) => {
    expect(parse(text)).toBeUndefined()
  })
})
