import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runClient } from '../support/python.ts'
import { type Slipway, startSlipway } from '../support/slipway.ts'

const CHECKS = ['models', 'lists', 'packages', 'tags', 'endpoints', 'refusals', 'regions', 'log_events']

describe('SageMaker and CloudWatch Logs with boto3', () => {
  let slipway: Slipway
  beforeAll(async () => {
    slipway = await startSlipway({ workers: 2 })
  })
  afterAll(() => slipway?.stop())

  test.each(CHECKS)('%s', async (check) => {
    expect(JSON.parse(await runClient('boto3/control_plane.py', slipway.env, [check]))).toEqual([check])
  })
})

describe('--auth trust with boto3', () => {
  let slipway: Slipway
  beforeAll(async () => {
    slipway = await startSlipway({ flags: ['--auth', 'trust'] })
  })
  afterAll(() => slipway?.stop())

  test('any key, any signature and none', async () => {
    expect(JSON.parse(await runClient('boto3/trust.py', slipway.env))).toBe('trusted')
    expect(slipway.process.output()).not.toContain('a request failed')
  })
})
