import { describe, expect, it } from 'vitest'
import { accountOfAccessKey, newAccessKeyId, newSecretAccessKey } from './access-key-id.ts'

describe('access key ids', () => {
  it('carry their account', () => {
    for (const account of ['000000000000', '123456789012', '999999999999']) {
      for (const prefix of ['AKIA', 'ASIA'] as const) {
        const id = newAccessKeyId(prefix, account)
        expect(id).toMatch(new RegExp(`^${prefix}[A-Z2-7]{16}$`))
        expect(accountOfAccessKey(id)).toBe(account)
      }
    }
  })

  it('are laid out as AWS lays them out', () => {
    // A pair that tools which decode AWS's ids publish.
    expect(accountOfAccessKey('ASIAQNZGKIQY56JQ7WML')).toBe('029608264753')
  })

  it('are different each time', () => {
    expect(new Set(Array.from({ length: 1000 }, () => newAccessKeyId('AKIA', '123456789012'))).size).toBe(1000)
    expect(newSecretAccessKey()).toMatch(/^[A-Za-z0-9+/]{40}$/)
  })

  it('are told from other texts', () => {
    for (const text of [
      '',
      'AKIA',
      'AROAQNZGKIQY56JQ7WML',
      'AKIAQNZGKIQY56JQ7WM',
      'akiaqnzgkiqy56jq7wml',
      'ASIAQNZGKIQY56JQ7WM1',
    ]) {
      expect(accountOfAccessKey(text)).toBeUndefined()
    }
  })
})
