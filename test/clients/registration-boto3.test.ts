import { afterAll, beforeAll, expect, test } from 'vitest'
import { otherAccount, otherEnvironment } from '../support/accounts.ts'
import { runClient } from '../support/python.ts'
import { type Slipway, startSlipway } from '../support/slipway.ts'

let slipway: Slipway
beforeAll(async () => {
  slipway = await startSlipway({ workers: 2 })
})
afterAll(() => slipway?.stop())

test('a version is registered with another account when its owner may read all of it, with boto3', async () => {
  const env = { ...slipway.env, ...otherEnvironment(await otherAccount(slipway, '222222222222')) }
  expect(JSON.parse(await runClient('boto3/registration.py', env))).toHaveLength(8)
  expect(slipway.process.output()).not.toContain('a request failed')
}, 180_000)
