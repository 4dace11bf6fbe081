import { describe, expect, it } from 'vitest'
import { readXml, XmlError } from './xml-reader.ts'
import { escapeXml } from './xml-text.ts'

describe('the XML reader', () => {
  it('reads elements, attributes, text, sections and references', () => {
    const root = readXml(
      '\ufeff<?xml version="1.0"?><!-- a --><x:a xmlns:x="u" k=\'1 &lt; 2\'> t<!-- no -->&amp;<b/><c>&#x41;&#66;<![CDATA[<&]]></c>\r\n</x:a><!-- end -->\n',
    )
    expect(root.name).toBe('a')
    expect(root.attributes.get('k')).toBe('1 < 2')
    expect(root.text).toBe(' t&\n')
    expect(root.children.map(({ name, text }) => [name, text])).toEqual([
      ['b', ''],
      ['c', 'AB<&'],
    ])
  })

  it.each([
    '',
    'text',
    '<a>',
    '<a></b>',
    '</a>',
    '<a/><b/>',
    '<a/>text',
    'text<a/>',
    '<a b></a>',
    '<a b=1></a>',
    '<a b="1" b="2"/>',
    '<a b="<"/>',
    '<1a/>',
    '< a/>',
    '<a',
    '<a><!-- </a>',
    '<a><![CDATA[</a>',
    '<![CDATA[x]]><a/>',
    '<!DOCTYPE a><a/>',
    '<a>&</a>',
    '<a>&x;</a>',
    '<a>&amp</a>',
    '<a>&#0;</a>',
    '<a>&#xD800;</a>',
    '<a>&#x110000;</a>',
    '<a>&#99999999999;</a>',
    '<a>&constructor;</a>',
  ])('refuses %j', (text) => {
    expect(() => readXml(text)).toThrow(XmlError)
  })

  it('takes linear time on hostile text', () => {
    for (const piece of ['<a ', '<', '&', '<a b="', '<!--', '<![CDATA[', ' ', '<a>&amp;']) {
      expect(() => readXml(`<r>${piece.repeat(50_000)}`)).toThrow(XmlError)
    }
  })

  it('reads back what is escaped', () => {
    const text = 'a <b> & "c" \'d\' \t\n\r \u0001\u007f ü😀 \u2028'
    expect(readXml(`<a k="${escapeXml(text).replace('\n', '&#10;')}">${escapeXml(text)}</a>`)).toMatchObject({ text })
    expect(escapeXml('\ud800')).toBe('\ufffd')
  })
})
