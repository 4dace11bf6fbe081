import { expect, it } from 'vitest'
import { readAsyncHeaders } from './async-headers.ts'

const read = (headers: Readonly<Record<string, string>>) => {
  const named = Object.entries(headers).map(([name, value]) => [`x-amzn-sagemaker-${name}`, value])
  return readAsyncHeaders('e', { 'x-amzn-sagemaker-inputlocation': 's3://b/k', ...Object.fromEntries(named) }, false)
}

it.each<Readonly<Record<string, string>>>([
  { 'inference-id': 'a\nb' },
  { 'inference-id': 'a\r\nX-Injected: b' },
  { 'inference-id': 'caf\u00e9' },
  { 'inference-id': ' leading' },
  { 'inference-id': 'x'.repeat(65) },
  { 'custom-attributes': 'a\u0000b' },
  { accept: 'x'.repeat(1_025) },
  { filename: '..' },
  { filename: '../up' },
  { filename: 'a.b.c' },
  { s3outputpathextension: 's3:' },
  { s3outputpathextension: 'a b' },
  { inputlocation: 'file:///etc/passwd' },
  { inputlocation: 's3://' },
  { requestttlseconds: '59' },
  { requestttlseconds: '21601' },
  { requestttlseconds: '60.5' },
  { invocationtimeoutseconds: '0' },
  { invocationtimeoutseconds: '-0' },
  { invocationtimeoutseconds: '3601' },
  { invocationtimeoutseconds: 'NaN' },
])('refuses %j', (headers) => {
  expect(() => read(headers)).toThrow(expect.objectContaining({ code: 'ValidationError', status: 400 }))
})

it.each([
  ['inputlocation', 's3://b/caf\u00c3\u00a9', 'InputLocation'],
  ['accept', 'a\u0001b', 'Accept'],
])('says of %s which characters it may hold', (header, value, member) => {
  expect(() => read({ [header]: value })).toThrow(`${member} may hold printable ASCII characters only.`)
})

it('takes an inference id for what it is', () => {
  expect(read({ 'inference-id': `"']}{$(x)%0a` }).inferenceId).toBe(`"']}{$(x)%0a`)
})
