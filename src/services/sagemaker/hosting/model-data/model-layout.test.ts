import { describe, expect, it } from 'vitest'
import { fileNameOf, layOutPrefix } from './model-layout.ts'

const paths = (prefix: string, ...keys: string[]) =>
  layOutPrefix(
    prefix,
    keys.map((key) => ({ key })),
  ).map(({ path }) => path)

const refused = expect.objectContaining({ name: 'ContentError', kind: 'refused' })

describe('layOutPrefix', () => {
  it('takes the prefix off', () => {
    expect(paths('m/v1/', 'm/v1/config.json', 'm/v1/code/a.py', 'm/v1/code/b.py')).toEqual([
      'config.json',
      'code/a.py',
      'code/b.py',
    ])
    expect(paths('', 'a', 'b/c')).toEqual(['a', 'b/c'])
  })

  it.each([
    ['m/', 'm/'],
    ['m/', 'm/folder/'],
    ['m/', 'm//a'],
    ['m/', 'm/ /a'],
    ['m/', 'm/./a'],
    ['m/', 'm/../a'],
    ['m/', 'm/a/..'],
    ['m/', 'm/a\0b'],
    ['m/', `m/${'é'.repeat(128)}`],
  ])('under %j refuses %j', (prefix, key) => {
    expect(() => paths(prefix, 'm/fine', key)).toThrow(refused)
  })

  it('refuses an object that is a folder of others, in any order', () => {
    expect(() => paths('m/', 'm/weights', 'm/weights/part1')).toThrow(refused)
    expect(() => paths('m/', 'm/weights/a/b', 'm/weights/a')).toThrow(refused)
    expect(paths('m/', 'm/weights', 'm/weights2/part1')).toHaveLength(2)
  })
})

describe('fileNameOf', () => {
  it('is the last part of the key', () => {
    expect(fileNameOf('a/b/model.bin')).toBe('model.bin')
    expect(fileNameOf('model.bin')).toBe('model.bin')
  })
  it.each(['a/', 'a/..', 'a/ ', `a/${'x'.repeat(256)}`])('refuses %j', (key) => {
    expect(() => fileNameOf(key)).toThrow(refused)
  })
})
