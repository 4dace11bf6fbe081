import { expect, it } from 'vitest'
import { asyncRoute } from './route-loader.ts'

it.each([
  ['', undefined],
  [undefined, undefined],
  ['alias/results', 'alias/results'],
])('has results encrypted under the key %j as %j', (KmsKeyId, key) => {
  expect(asyncRoute({ OutputConfig: { S3OutputPath: 's3://b/o', KmsKeyId } }, 'q').kmsKeyId).toBe(key)
})
