import { expect, it } from 'vitest'
import { orderFiles } from './file-order.ts'

const SECONDS = { 'test/hosting/long.test.ts': 60, 'test/hosting/short.test.ts': 20, 'src/long.test.ts': 30 }

it('puts long files first, those that wait beside those that compute, and quick ones last', () => {
  const computing = ['src/a.test.ts', 'src/b.test.ts', 'src/long.test.ts', 'test/services/new.test.ts']
  const waiting = ['test/hosting/new.test.ts', 'test/hosting/short.test.ts', 'test/hosting/long.test.ts']
  expect(orderFiles([...computing, ...waiting], SECONDS)).toEqual([
    'test/hosting/long.test.ts',
    'src/long.test.ts',
    'test/hosting/short.test.ts',
    'test/services/new.test.ts',
    'test/hosting/new.test.ts',
    'src/a.test.ts',
    'src/b.test.ts',
  ])
})

it('loses no file', () => {
  expect(orderFiles([])).toEqual([])
  expect(orderFiles(['src/a.test.ts'])).toEqual(['src/a.test.ts'])
})
