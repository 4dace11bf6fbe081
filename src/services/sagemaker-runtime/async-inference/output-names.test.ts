import { describe, expect, it } from 'vitest'
import { isTooLong, resultPlaces } from './output-names.ts'

const naming = {
  outputPath: 's3://b/out',
  failurePath: 's3://f/fail/',
  extension: undefined,
  filename: undefined,
  fresh: 'x',
}

describe('resultPlaces', () => {
  it.each([
    [{}, 'b/out/x.out', 'f/fail/x-error.out'],
    [{ outputPath: 's3://b' }, 'b/x.out', 'f/fail/x-error.out'],
    [{ outputPath: 'https://s3.us-east-1.amazonaws.com/b/a//' }, 'b/a/x.out', 'f/fail/x-error.out'],
    [{ outputPath: 'https://b.s3.amazonaws.com/a' }, 'b/a/x.out', 'f/fail/x-error.out'],
    [{ extension: '../..' }, 'b/out/../../x.out', 'f/fail/../../x-error.out'],
    [{ extension: '/2026/11/' }, 'b/out/2026/11/x.out', 'f/fail/2026/11/x-error.out'],
    [{ filename: 'r.json' }, 'b/out/r.json', 'f/fail/r.json-error.out'],
    [{ failurePath: undefined }, 'b/out/x.out', undefined],
    [{ outputPath: undefined }, undefined, 'f/fail/x-error.out'],
  ])('%j', (change, output, failure) => {
    const places = resultPlaces({ ...naming, ...change })
    const text = (place: typeof places.output) => place && `${place.bucket}/${place.key}`
    expect([text(places.output), text(places.failure)]).toEqual([output, failure])
  })
})

describe('isTooLong', () => {
  it.each([
    ['x'.repeat(1_024), false],
    ['x'.repeat(1_025), true],
    ['é'.repeat(513), true],
  ])('counts bytes', (key, expected) => {
    expect(isTooLong({ bucket: 'b', key })).toBe(expected)
  })
})
