import { expect, test } from 'vitest'
import { runClient } from '../support/python.ts'
import { startSlipway } from '../support/slipway.ts'

test('why a request was refused, with boto3, against two workers', async () => {
  const slipway = await startSlipway({ workers: 2 })
  try {
    expect(await runClient('boto3/explain.py', slipway.env)).toContain('ok')
    expect(slipway.process.output()).not.toContain('a request failed')
  } finally {
    await slipway.stop()
  }
})
