import type { CommitWatch } from '../../storage/commit-watch.ts'
import type { Logger } from '../../telemetry/log.ts'
import type { OperationTable } from '../operation.ts'
import type { SqsFacade } from './facade.ts'
import { startSweeping } from './queues/sweep-messages.ts'
import { Arrivals } from './receiving/arrivals.ts'
import { createSqsService } from './service.ts'
import type { SqsDeps } from './sqs-deps.ts'
import { createSqsFacade } from './sqs-facade.ts'

export interface SqsOptions extends Omit<SqsDeps, 'arrivals'> {
  readonly watch: CommitWatch
  readonly log: Logger
}

export interface Sqs {
  readonly operations: OperationTable
  readonly facade: SqsFacade
  /** Answers all who wait for messages; nobody waits from now on. */
  endWaiting(): void
}

/** Joins the parts of SQS and registers its work. */
export async function startSqs({ watch, log, ...parts }: SqsOptions): Promise<Sqs> {
  const arrivals = new Arrivals({ ...parts, watch, log })
  const deps: SqsDeps = { ...parts, arrivals }
  await startSweeping(deps)
  return { operations: createSqsService(deps), facade: createSqsFacade(deps), endWaiting: () => arrivals.close() }
}
