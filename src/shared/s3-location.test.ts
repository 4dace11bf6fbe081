import { describe, expect, it } from 'vitest'
import { parseS3Location } from './s3-location.ts'

describe('parseS3Location', () => {
  it.each([
    ['s3://b/a/model.tar.gz', 'b', 'a/model.tar.gz'],
    ['s3://b/a?x#y%20/../z', 'b', 'a?x#y%20/../z'],
    ['s3://b', 'b', ''],
    ['s3://b//a', 'b', '/a'],
    ['https://s3.us-east-1.amazonaws.com/b/a/m', 'b', 'a/m'],
    ['https://s3-us-west-2.amazonaws.com/b/m', 'b', 'm'],
    ['https://my.bucket.s3.eu-west-1.amazonaws.com/a/m', 'my.bucket', 'a/m'],
    ['https://b.s3.amazonaws.com/m', 'b', 'm'],
  ])('%s', (uri, bucket, key) => {
    expect(parseS3Location(uri)).toEqual({ bucket, key })
  })

  it.each(['https://example.com/b/m', 'http://s3.amazonaws.com/b/m', 's3:/b/m', '', 'https://s3.amazonaws.com/'])(
    '%j is none',
    (uri) => {
      expect(parseS3Location(uri)).toBeUndefined()
    },
  )
})
