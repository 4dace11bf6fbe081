import { expect, it } from 'vitest'
import type { DescribeEndpointOutput, EndpointStatus } from '../../../model/generated/sagemaker.ts'
import { withEngineProblem } from './endpoint-view.ts'

function statusesOf(EndpointStatus: EndpointStatus, CurrentInstanceCount: number) {
  const variant = { VariantName: 'v', CurrentInstanceCount, DesiredInstanceCount: 1 }
  const output = { EndpointStatus, ProductionVariants: [variant] } as unknown as DescribeEndpointOutput
  const told = withEngineProblem(output, 'It hangs.').ProductionVariants?.[0]?.VariantStatus ?? []
  return told.map(({ Status, StatusMessage }) => `${Status}: ${StatusMessage}`)
}

it.each([
  ['Creating', 0, 'Creating'],
  ['Updating', 0, 'Updating'],
  ['InService', 0, 'Updating'],
  ['Deleting', 1, 'Deleting'],
] as const)('instances of an endpoint that is %s wait for the engine', (status, count, told) => {
  expect(statusesOf(status, count)).toEqual([`${told}: Instances wait for the container engine. It hangs.`])
})

it.each([
  ['InService', 1],
  ['Failed', 0],
  ['Failed', 1],
] as const)('those of one that is %s with %i do not', (status, count) => {
  expect(statusesOf(status, count)).toEqual([])
})
