import { afterAll, beforeAll, expect, test } from 'vitest'
import { otherAccount, otherEnvironment } from '../support/accounts.ts'
import { runClient } from '../support/python.ts'
import { type Slipway, startSlipway } from '../support/slipway.ts'

let slipway: Slipway
beforeAll(async () => {
  slipway = await startSlipway({ workers: 2 })
})
afterAll(() => slipway?.stop())

test('functions and their logs with boto3, against two workers', async () => {
  expect(await runClient('boto3/functions.py', slipway.env, [])).toContain('ok')
})

test('a function invoked from another account', async () => {
  const env = { ...slipway.env, ...otherEnvironment(await otherAccount(slipway, '222222222222')) }
  expect(await runClient('boto3/cross_account_lambda.py', env)).toContain('ok')
})
