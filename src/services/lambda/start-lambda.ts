import type { OperationTable } from '../operation.ts'
import { DEFAULT_LAMBDA_LIMITS, type LambdaDeps } from './deps.ts'
import { type ExecutionOptions, startFunctionExecution } from './execution/function-execution.ts'
import type { LambdaFacade } from './facade.ts'
import { createLambdaFacade } from './lambda-facade.ts'
import { startLambdaMaintenance } from './maintenance.ts'
import { createLambdaService } from './service.ts'

/** Lambda of one worker, running. */
export interface Lambda {
  readonly operations: OperationTable
  readonly facade: LambdaFacade
  /** Ends every function's processes. */
  stop(): Promise<void>
}

/** Joins the parts of Lambda and starts what runs in the background. */
export async function startLambda(
  parts: Omit<LambdaDeps, 'execution' | 'limits'> & Pick<ExecutionOptions, 'logs' | 'endpointUrl'>,
): Promise<Lambda> {
  const limits = DEFAULT_LAMBDA_LIMITS
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
