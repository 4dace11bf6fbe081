import { describe, expect, it } from 'vitest'
import { assertLinkStaysInside, entryPath, type TreeNode } from './entry-path.ts'

describe('entryPath', () => {
  it.each([
    ['a', 'a'],
    ['./a/b', 'a/b'],
    ['a//b/./c/', 'a/b/c'],
    ['./', ''],
    ['.', ''],
    ['...', '...'],
    ['a/..b', 'a/..b'],
    ['a\\..\\b', 'a\\..\\b'],
  ])('of %s is %j', (name, path) => expect(entryPath(name)).toBe(path))

  it.each(['/a', '//a', '..', '../a', 'a/..', 'a/../b', 'a\0b', '\ufffd', 'x'.repeat(256)])('refuses %j', (name) => {
    expect(() => entryPath(name)).toThrow(expect.objectContaining({ kind: 'refused' }))
  })
})

describe('assertLinkStaysInside', () => {
  const tree = new Map<string, TreeNode>([
    ['', 'directory'],
    ['d', 'directory'],
    ['d/file', 'file'],
    ['d/up', { link: '..' }],
    ['same', { link: './d//file' }],
    ['through', { link: 'd/up/d/up/d/file' }],
    ['out', { link: 'd/up/..' }],
    ['absolute', { link: '/d' }],
    ['absent', { link: 'x/../../d' }],
    ['missing', { link: 'x/y' }],
    ['self', { link: 'self' }],
  ])

  it.each(['same', 'through', 'd/up', 'missing'])('lets %s be', (path) => {
    expect(() => assertLinkStaysInside(tree, path)).not.toThrow()
  })

  it.each(['out', 'absolute', 'absent', 'self'])('refuses %s', (path) => {
    expect(() => assertLinkStaysInside(tree, path)).toThrow(expect.objectContaining({ kind: 'refused' }))
  })
})
