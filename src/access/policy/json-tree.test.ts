import { describe, expect, it } from 'vitest'
import { type JsonNode, parseJsonTree, positionOf } from './json-tree.ts'

function toValue(node: JsonNode): unknown {
  if (node.kind === 'object')
    return Object.fromEntries([...node.members].map(([name, value]) => [name, toValue(value)]))
  if (node.kind === 'array') return node.items.map(toValue)
  return node.kind === 'string' ? node.text : JSON.parse(node.text)
}

describe('JSON', () => {
  it.each([
    '{}',
    '[]',
    ' [ 1 , 2 ] ',
    '"a\\n\\u00e9\\ud83d\\ude00\\\\"',
    '-0.5e+3',
    'true',
    'null',
    '{"a":{"b":[null,false,"x"]},"":1}',
    '\t{\r\n"a" : [ ]\n}',
  ])('is read as the language reads it: %s', (text) => {
    expect(toValue(parseJsonTree(text) as JsonNode)).toEqual(JSON.parse(text))
  })

  it.each([
    ['', 0],
    ['{', 1],
    ['{"a"}', 4],
    ['{"a":}', 5],
    ['{"a":1,}', 7],
    ['[1,]', 3],
    ['[1 2]', 3],
    ['01', 1],
    ['1.', 1],
    ['.5', 0],
    ["'a'", 0],
    ['"a', 2],
    ['"\\x"', 0],
    ['"\n"', 1],
    ['tru', 0],
    ['{} x', 3],
    ['// a', 0],
    ['{"a":1,"a":2}', 7],
    ['\ufeff{}', 0],
    ['NaN', 0],
    ['{a:1}', 1],
  ])('is refused where it stops being JSON: %j', (text, offset) => {
    expect(parseJsonTree(text)).toEqual({ kind: 'fault', offset })
  })

  it('remembers where values stand', () => {
    const text = '{"a": [10, {"b": "c"}]}'
    const root = parseJsonTree(text)
    if (root.kind !== 'object') throw new Error(root.kind)
    const list = root.members.get('a')!
    expect(text.slice(list.start, list.end)).toBe('[10, {"b": "c"}]')
  })
})

it('counts lines and columns from one', () => {
  const text = 'ab\ncd\n\nef'
  expect([0, 1, 3, 6, 7, 8].map((offset) => positionOf(text, offset))).toEqual([
    { line: 1, column: 1 },
    { line: 1, column: 2 },
    { line: 2, column: 1 },
    { line: 3, column: 1 },
    { line: 4, column: 1 },
    { line: 4, column: 2 },
  ])
})
