import { readFileSync } from 'node:fs'
import type { Slipway } from './slipway.ts'

/** The processes of the server's workers: they change when one has died. */
export function workerPids({ process }: Slipway): readonly number[] {
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8')
  return children.split(' ').filter(Boolean).map(Number)
}
