import { expect, it } from 'vitest'
import { orderFiles } from './file-order.ts'

const SECONDS = {
  'test/hosting/long.test.ts': 60,
  'test/hosting/short.test.ts': 20,
  'test/gateway/long.test.ts': 30,
  'test/services/long.test.ts': 30,
  'src/long.test.ts': 30,
}

it('puts long files first, those that wait beside those that compute, and those that share processes last', () => {
  const sharing = ['src/a.test.ts', 'test/services/a.test.ts', 'src/long.test.ts', 'test/services/long.test.ts']
  const computing = ['test/gateway/new.test.ts', 'test/gateway/long.test.ts']
  const waiting = ['test/hosting/new.test.ts', 'test/hosting/short.test.ts', 'test/hosting/long.test.ts']
  expect(orderFiles([...sharing, ...computing, ...waiting], SECONDS)).toEqual([
    'test/hosting/long.test.ts',
    'test/gateway/long.test.ts',
    'test/hosting/short.test.ts',
    'test/gateway/new.test.ts',
    'test/hosting/new.test.ts',
    'test/services/long.test.ts',
    'test/services/a.test.ts',
    'src/long.test.ts',
    'src/a.test.ts',
  ])
})

it('loses no file', () => {
  expect(orderFiles([])).toEqual([])
  expect(orderFiles(['src/a.test.ts'])).toEqual(['src/a.test.ts'])
})
