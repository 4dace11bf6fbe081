import type { OperationTable } from '../operation.ts'
import { DEFAULT_LAMBDA_LIMITS, type LambdaDeps, type LambdaLimits } from './deps.ts'
import { type ExecutionOptions, startFunctionExecution } from './execution/function-execution.ts'
import type { LambdaFacade } from './facade.ts'
import { createLambdaFacade } from './lambda-facade.ts'
import { startLambdaMaintenance } from './maintenance.ts'
import { createLambdaService } from './service.ts'

/** Lambda of one worker, running. */
export interface Lambda {
  readonly operations: OperationTable
  readonly facade: LambdaFacade
  /** Ends every function's processes; their last log lines are stored when it resolves. Before the database closes. */
  stop(): Promise<void>
}

/** What Lambda stands on. `blobs` is its own store: what no function refers to is removed from it. */
export type LambdaParts = Omit<LambdaDeps, 'execution' | 'limits'> &
  Pick<ExecutionOptions, 'logs' | 'endpointUrl' | 'runDirectory' | 'runtime'> & { readonly limits?: LambdaLimits }

/** Joins the parts of Lambda and starts what runs in the background. */
export async function startLambda(parts: LambdaParts): Promise<Lambda> {
  const limits = parts.limits ?? DEFAULT_LAMBDA_LIMITS
  const execution = await startFunctionExecution({ ...parts, limits })
  const deps: LambdaDeps = { ...parts, execution, limits }
  const stopMaintenance = await startLambdaMaintenance(deps)
  return {
    operations: createLambdaService(deps),
    facade: createLambdaFacade(deps),
    async stop() {
      stopMaintenance()
      await execution.stop()
    },
  }
}
