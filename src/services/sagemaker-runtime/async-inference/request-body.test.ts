import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { createSealedBox } from '../../../shared/sealed-box.ts'
import { openBody, sealBody } from './request-body.ts'

const box = createSealedBox(randomBytes(32))

it.each([1, 65_536, 128_000])('keeps a body of %i bytes so that only its own request opens it', (size) => {
  const bytes = randomBytes(size)
  const row = sealBody(box, 'one', [bytes.subarray(0, 100), bytes.subarray(100)])
  expect(Buffer.from(row.content).includes(bytes.subarray(0, Math.min(size, 16))) && size > 8).toBe(false)
  expect(openBody(box, row)).toEqual(bytes)
  expect(openBody(box, { ...row, request_id: 'other' })).toBeUndefined()
  expect(openBody(createSealedBox(randomBytes(32)), row)).toBeUndefined()
  const changed = Buffer.from(row.content)
  changed[0] = (changed[0] as number) ^ 1
  expect(openBody(box, { ...row, content: changed })).toBeUndefined()
})
