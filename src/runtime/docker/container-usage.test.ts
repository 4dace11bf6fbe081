import { expect, test } from 'vitest'
import type { StatsAnswer } from './api-types.ts'
import { readUsage } from './container-usage.ts'

const answer = (memory: StatsAnswer['memory_stats']): StatsAnswer => ({
  cpu_stats: { cpu_usage: { total_usage: 5e9 } },
  memory_stats: memory,
})

test.each<[string, StatsAnswer | undefined, object | undefined]>([
  [
    'control groups of version 2',
    answer({ usage: 100, limit: 400, stats: { inactive_file: 30 } }),
    { cpuNanoseconds: 5e9, memoryBytes: 70, memoryLimitBytes: 400 },
  ],
  [
    'control groups of version 1',
    answer({ usage: 100, limit: 400, stats: { total_inactive_file: 20 } }),
    { memoryBytes: 80 },
  ],
  ['an engine that does not tell what is cached', answer({ usage: 100, limit: 400 }), { memoryBytes: 100 }],
  ['more cached than used', answer({ usage: 10, limit: 400, stats: { inactive_file: 30 } }), { memoryBytes: 0 }],
  ['a container that has ended', answer({}), undefined],
  ['a container that has ended, on Podman', answer({ usage: 0, limit: 0 }), undefined],
  ['nothing at all', { cpu_stats: null, memory_stats: null }, undefined],
  ['an empty answer', undefined, undefined],
])('usage of %s', (_what, given, expected) => {
  const found = readUsage(given)
  if (expected === undefined) expect(found).toBeUndefined()
  else expect(found).toMatchObject(expected)
})
