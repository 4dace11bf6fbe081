import type { FunctionConfiguration, GetFunctionConfigurationRequest } from '../../../model/generated/lambda.ts'
import type { RequestContext } from '../../operation.ts'
import type { LambdaDeps } from '../deps.ts'
import { functionConfiguration } from './function-configuration.ts'
import { requestedFunction } from './function-name.ts'
import { requireFunction } from './function-store.ts'

/** A function's configuration, without tags and code. */
export async function getFunctionConfiguration(
  deps: LambdaDeps,
  input: GetFunctionConfigurationRequest,
  context: RequestContext,
): Promise<FunctionConfiguration> {
  const address = requestedFunction(input.FunctionName, input.Qualifier, context)
  return functionConfiguration(await requireFunction(deps, address))
}
