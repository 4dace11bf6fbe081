import { expect, it } from 'vitest'
import type { EndpointDeploymentRow, EndpointVariantRow } from '../../../storage/schema/endpoints.ts'
import { DEFAULT_POLICY } from '../endpoints/deployment-policy.ts'
import { type DeploymentView, planDeployment } from './deployment-plan.ts'
import { deploymentStages, type FleetVariant, rollbackStages, type Stage } from './deployment-stages.ts'
import { deploymentVariant } from './deployment-writes.ts'
import type { InstanceState } from './endpoint-plan.ts'

const fleet = (number: number): FleetVariant => ({ fleet: number, variant: 'v', instances: 2, weight: 1 })
const instance = (number: number, index: number, state: InstanceState) => ({
  id: `i-${number}${index}`,
  ...{ fleet: number, variant: 'v', state, failures: 0, changedAt: 0, detail: undefined },
})

it('tells of instances that an update which has turned back ends', () => {
  const [start] = deploymentStages(DEFAULT_POLICY, [fleet(1)], [fleet(2)])
  const view = (states: readonly InstanceState[], phase: DeploymentView['phase']): DeploymentView => ({
    stages: rollbackStages(DEFAULT_POLICY, [fleet(1)], [fleet(2)], start as Stage),
    instances: [
      ...[0, 1].map((index) => instance(1, index, 'Healthy')),
      ...states.map((state, index) => instance(2, index, state)),
    ],
    ...{ phase, step: 1, phaseAt: 7, startedAt: 0, turned: true, incoming: 2, hosted: true },
    ...{ timeoutSeconds: undefined, alarm: undefined },
  })
  const shown = (number: number, states: readonly InstanceState[], phase: DeploymentView['phase'] = 'Terminating') => {
    const seen = view(states, phase)
    const row = { kind: 'fleet', fleet: 2, previous: null } as EndpointDeploymentRow
    const variant = { fleet: number, variant_name: 'v', current_weight: null } as EndpointVariantRow
    const update = { row, view: seen, plan: planDeployment(seen, 8) }
    return JSON.parse(deploymentVariant(update, variant, 8).variant_status ?? 'null')
  }
  for (const phase of ['Launching', 'Terminating'] as const)
    expect(shown(2, ['Stopping', 'Failed'], phase)).toEqual([
      { Status: 'Deleting', StatusMessage: 'Terminating 2 instance(s).', StartTime: 7 },
    ])
  expect(shown(2, ['Stopping'])?.[0].StatusMessage).toBe('Terminating 1 instance(s).')
  expect(shown(2, [])).toBeNull()
  expect(shown(1, ['Stopping', 'Stopping'])).toBeNull()
})
