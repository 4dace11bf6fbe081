import { expect, it } from 'vitest'
import { formatArn, parseArn } from './arn.ts'

it.each([
  ['arn:aws:s3:::bucket/key:with/colons', ['aws', 's3', '', '', 'bucket/key:with/colons']],
  ['arn:aws:iam::123456789012:user/ann', ['aws', 'iam', '', '123456789012', 'user/ann']],
  ['arn:aws-cn:kms:cn-north-1:1:key/x\ny', ['aws-cn', 'kms', 'cn-north-1', '1', 'key/x\ny']],
  ['arn:::::x', ['', '', '', '', 'x']],
])('takes %j apart and puts it together again', (text, parts) => {
  const arn = parseArn(text)!
  expect([arn.partition, arn.service, arn.region, arn.account, arn.resource]).toEqual(parts)
  expect(formatArn(arn)).toBe(text)
})

it.each([
  '',
  '*',
  'arn',
  'arn:',
  'arn:aws',
  'arn:aws:s3',
  'arn:aws:s3::',
  'arn:aws:s3:::',
  'ARN:aws:s3:::b',
  ' arn:aws:s3:::b',
])('takes %j for no ARN', (text) => expect(parseArn(text)).toBeUndefined())
