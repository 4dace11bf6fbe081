import { expect, it } from 'vitest'
import { checkAsyncConfig } from './async-rules.ts'

it.each(['s3://b/out', 'https://s3.us-east-1.amazonaws.com/b/out', 's3://b/it is/~fine'])(
  'takes results to %j',
  (path) => {
    expect(() => checkAsyncConfig({ OutputConfig: { S3OutputPath: path, S3FailurePath: path } })).not.toThrow()
  },
)

it.each([
  ['https://example.com/out', 'is no location in S3'],
  ['s3://b/\u65e5\u672c', 'printable ASCII characters only'],
  ['s3://b/x\r\nX-Injected: y', 'printable ASCII characters only'],
])('refuses %j, for either kind of result', (path, message) => {
  expect(() => checkAsyncConfig({ OutputConfig: { S3OutputPath: path } })).toThrow(message)
  const output = { S3OutputPath: 's3://b/out', S3FailurePath: path }
  expect(() => checkAsyncConfig({ OutputConfig: output })).toThrow(message)
})
