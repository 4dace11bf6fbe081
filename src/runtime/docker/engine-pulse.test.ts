import { afterEach, expect, it } from 'vitest'
import { eventually } from '../../../test/support/eventually.ts'
import { RuntimeError } from '../container-runtime.ts'
import { EnginePulse } from './engine-pulse.ts'

const pulses: EnginePulse[] = []
afterEach(() => {
  for (const pulse of pulses.splice(0)) pulse.stop()
})

function pulseOf(probe: () => Promise<void>): EnginePulse {
  const pulse = new EnginePulse(probe, 20)
  pulses.push(pulse)
  return pulse
}

it('asks once for all that is open, and not at all when nothing is', async () => {
  let probes = 0
  const pulse = pulseOf(async () => {
    probes++
  })
  const open = Array.from({ length: 50 }, () => pulse.open())
  await eventually(() => expect(probes).toBeGreaterThanOrEqual(3))
  expect(open.some(({ signal }) => signal.aborted)).toBe(false)
  for (const one of open) one.close()
  await new Promise((resolve) => setTimeout(resolve, 60))
  const last = probes
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(probes).toBe(last)
})

it('ends what is open when the engine does not answer, and watches over what is opened after', async () => {
  let hangs = true
  const pulse = pulseOf(() => (hangs ? Promise.reject(new Error('late')) : Promise.resolve()))
  const first = pulse.open()
  const closed = pulse.open()
  closed.close()
  await eventually(() => expect(first.signal.aborted).toBe(true))
  expect(first.signal.reason).toBeInstanceOf(RuntimeError)
  expect(first.signal.reason).toMatchObject({ reason: 'unreachable' })
  expect(closed.signal.aborted).toBe(false)
  first.close()
  hangs = false
  const second = pulse.open()
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(second.signal.aborted).toBe(false)
  hangs = true
  await eventually(() => expect(second.signal.aborted).toBe(true))
})
