import { describe, expect, test } from 'vitest'
import { pathStyle } from './addressing.ts'

describe('pathStyle', () => {
  test.each([
    ['models.localhost', '/k', '/models/k'],
    ['models.localhost:8770', '/a/b', '/models/a/b'],
    ['models.localhost', '/', '/models/'],
    ['models.localhost', '', '/models/'],
    ['models.s3.localhost:8770', '/k', '/models/k'],
    ['my.dotted.bucket.s3.localhost', '/k', '/my.dotted.bucket/k'],
    ['models.s3.amazonaws.com', '/k', '/models/k'],
    ['models.s3.us-west-2.amazonaws.com', '/k', '/models/k'],
    ['models.s3-eu-west-1.amazonaws.com', '/k', '/models/k'],
    ['models.s3.dualstack.eu-west-1.amazonaws.com', '/k', '/models/k'],
    ['my.dotted.s3.us-gov-west-1.amazonaws.com', '/k', '/my.dotted/k'],
    ['models.s3.cn-north-1.amazonaws.com.cn', '/k', '/models/k'],
    ['models.slipway.example:9', '/k%2F..', '/models/k%2F..'],
    ['MODELS.Slipway.Example.', '/k', '/models/k'],
  ])('%s %s is %s', (host, path, expected) => {
    expect(pathStyle(host, path, ['slipway.example', 'example'])).toBe(expected)
  })

  test.each([
    'localhost',
    'localhost:8770',
    's3.localhost',
    's3.amazonaws.com',
    's3.us-east-1.amazonaws.com',
    's3.dualstack.us-east-1.amazonaws.com',
    'slipway.example',
    'sagemaker.us-east-1.amazonaws.com',
    'elsewhere.test',
    '127.0.0.1:8770',
    '10.0.0.1',
    '[::1]:8770',
    'ab.localhost',
    'Bad_Name.localhost',
    'a..b.localhost',
    '',
    ':80',
    'models.localhost:80:80',
    'models.localhost/x',
  ])('%j is no bucket', (host) => {
    expect(pathStyle(host, '/models/k', ['slipway.example'])).toBeUndefined()
  })
})
