import { expect, test } from 'vitest'
import { runClient } from '../support/python.ts'
import { startSlipway } from '../support/slipway.ts'

test('metrics and alarms with boto3, in every protocol it has had for them, against two workers', async () => {
  const slipway = await startSlipway({ workers: 2 })
  try {
    expect(await runClient('boto3/cloudwatch.py', slipway.env, ['metrics', 'alarms'])).toContain('ok')
  } finally {
    await slipway.stop()
  }
})
