import { expect, test } from 'vitest'
import { runClient } from '../support/python.ts'
import { startSlipway } from '../support/slipway.ts'

test('queues, in both protocols, topics, functions and alarms with boto3 against two workers', async () => {
  const slipway = await startSlipway({ workers: 2 })
  try {
    expect(
      await runClient('boto3/messaging.py', slipway.env, ['queues', 'old', 'topics', 'functions', 'alarms']),
    ).toContain('ok')
  } finally {
    await slipway.stop()
  }
})
