import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runClient } from '../../support/python.ts'
import { type Slipway, startSlipway } from '../../support/slipway.ts'

describe('access, as boto3 sees it', () => {
  let slipway: Slipway
  beforeAll(async () => {
    slipway = await startSlipway({ workers: 2 })
  })
  afterAll(() => slipway?.stop())

  it('knows keys, roles and sessions, and refuses all others', async () => {
    expect((await runClient('boto3/access.py', slipway.env)).trim()).toBe('ok')
  })
})
