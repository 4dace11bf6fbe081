import { expect, it } from 'vitest'
import { LineChunks } from './line-chunks.ts'

const text = (chunks: readonly Buffer[]): string => Buffer.concat(chunks).toString()

it('gives whole lines back in their order, once', () => {
  const lines = new LineChunks(1_000_000)
  const added = Array.from({ length: 3_000 }, (_, index) => `${index} ${'ł'.repeat(index % 50)}\n`)
  for (const line of added) expect(lines.add(line)).toBe(true)
  const chunks = lines.take()
  expect(text(chunks)).toBe(added.join(''))
  expect(chunks.length).toBeGreaterThan(1)
  for (const chunk of chunks) expect(chunk.toString().endsWith('\n')).toBe(true)
  expect([lines.size, text(lines.take())]).toEqual([0, ''])
})

it('keeps no more than it may, and takes lines again afterwards', () => {
  const lines = new LineChunks(200_000)
  const line = `${'x'.repeat(999)}\n`
  let kept = 0
  while (lines.add(line)) kept++
  expect(lines.add(line)).toBe(false)
  expect(kept * line.length).toBeGreaterThan(150_000)
  expect(kept * line.length).toBeLessThan(330_000)
  expect(text(lines.take())).toHaveLength(kept * line.length)
  expect(lines.add(line)).toBe(true)
})

it('takes a line that is longer than a chunk', () => {
  const lines = new LineChunks(1_000_000)
  const long = `${'€'.repeat(100_000)}\n`
  for (const line of ['a\n', long, 'b\n']) expect(lines.add(line)).toBe(true)
  expect(text(lines.take())).toBe(`a\n${long}b\n`)
})
