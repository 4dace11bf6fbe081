import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { capToMachine, instanceSize } from './instance-types.ts'

const GIB = 1024 ** 3
const published: string[] = [
  ...readFileSync(new URL('../../../model/generated/sagemaker.ts', import.meta.url), 'utf8')
    .match(/export type ProductionVariantInstanceType =[^\n]*(?:\n {2}\|[^\n]*)*/)![0]
    .matchAll(/'(ml\.[^']+)'/g),
].map((match) => match[1] as string)

describe('instanceSize', () => {
  it('knows every type that the API lets a variant have', () => {
    expect(published.length).toBeGreaterThan(200)
    expect(published.filter((type) => instanceSize(type) === undefined)).toEqual([])
  })

  it.each([
    ['ml.t2.medium', 2, 4],
    ['ml.m5.large', 2, 8],
    ['ml.m5.24xlarge', 96, 384],
    ['ml.c5.9xlarge', 36, 72],
    ['ml.r5.4xlarge', 16, 128],
    ['ml.g5.xlarge', 4, 16],
    ['ml.p4d.24xlarge', 96, 1152],
    ['ml.c4.8xlarge', 36, 60],
  ])('%s has %d vCPUs and %d GiB', (type, cpus, gib) => {
    expect(instanceSize(type)).toEqual({ cpus, memoryBytes: gib * GIB })
  })

  it.each(['m5.large', 'ml.m5', 'ml.x9.large', 'ml.m5.huge', ''])('does not know %j', (type) => {
    expect(instanceSize(type)).toBeUndefined()
  })
})

describe('capToMachine', () => {
  it('gives no more than there is, and says so', () => {
    const machine = { cpus: 2, memoryBytes: 8 * GIB }
    expect(capToMachine({ cpus: 4, memoryBytes: 4 * GIB }, machine)).toEqual({
      cpus: 2,
      memoryBytes: 4 * GIB,
      capped: true,
    })
    expect(capToMachine({ cpus: 1, memoryBytes: GIB }, machine)).toEqual({ cpus: 1, memoryBytes: GIB, capped: false })
  })
})
