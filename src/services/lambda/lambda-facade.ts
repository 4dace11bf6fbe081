import { requestId } from '../../shared/ids.ts'
import type { LambdaDeps } from './deps.ts'
import { invalidParameterValue } from './errors.ts'
import type { LambdaFacade } from './facade.ts'
import { functionArn as formatFunctionArn, parseFunctionName, requestedFunction } from './functions/function-name.ts'
import { requireFunction } from './functions/function-store.ts'
import { checkEvent } from './invocations/invocation-input.ts'
import { unlessAborted } from './invocations/unless-aborted.ts'

/** Lambda for the other services. */
export function createLambdaFacade(
  deps: Pick<LambdaDeps, 'database' | 'box' | 'execution' | 'authorizer'>,
): LambdaFacade {
  return {
    async invoke(principal, functionArn, payload, signal, origin) {
      signal.throwIfAborted()
      const { account, region, name, qualifier } = parseFunctionName(functionArn) ?? {}
      if (!functionArn.startsWith('arn:') || account === undefined || region === undefined || name === undefined)
        throw invalidParameterValue(`Invalid function ARN: ${functionArn}`)
      // In one spelling, so that no other way to write it passes by a policy.
      const resource = formatFunctionArn({ account, region, name }, qualifier)
      await deps.authorizer.require({ principal, action: 'lambda:InvokeFunction', resource, origin })
      const address = requestedFunction(functionArn, undefined, { account, region })
      const event = checkEvent(payload, 'RequestResponse')
      const record = await requireFunction(deps, address)
      const running = deps.execution.invoke(record, { requestId: requestId(), payload: event, tail: false })
      // The caller may stop waiting; the function goes on, as it does when a client of the API leaves.
      const { payload: answer, functionError } = await unlessAborted(running, signal)
      return { payload: answer, functionError }
    },
  }
}
