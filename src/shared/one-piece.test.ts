import { expect, it } from 'vitest'
import { inOnePiece } from './one-piece.ts'

it('joins a text, bytes and a text', () => {
  expect(inOnePiece('5\r\n', Buffer.from('hello'), '\r\n')?.toString()).toBe('5\r\nhello\r\n')
  expect(inOnePiece('caf\xe9', new Uint8Array())?.toString('latin1')).toBe('caf\xe9')
})

it('leaves large bytes where they are', () => {
  expect(inOnePiece('', Buffer.alloc(8 * 1024))).toHaveLength(8 * 1024)
  expect(inOnePiece('', Buffer.alloc(8 * 1024 + 1))).toBeUndefined()
})
