import { parseArn } from '../../shared/arn.ts'
import { requestId } from '../../shared/ids.ts'
import type { LambdaDeps } from './deps.ts'
import { functionMissing, invalidParameterValue } from './errors.ts'
import type { LambdaFacade } from './facade.ts'
import { requestedFunction } from './functions/function-name.ts'
import { requireFunction } from './functions/function-store.ts'
import { checkEvent } from './invocations/invocation-input.ts'
import { unlessAborted } from './invocations/unless-aborted.ts'

/** Lambda for the other services. Functions of other accounts than the principal's are not open to it. */
export function createLambdaFacade(deps: Pick<LambdaDeps, 'database' | 'box' | 'execution'>): LambdaFacade {
  return {
    async invoke(principal, functionArn, payload, signal) {
      signal.throwIfAborted()
      const arn = parseArn(functionArn)
      if (arn === undefined || arn.service !== 'lambda')
        throw invalidParameterValue(`Invalid function ARN: ${functionArn}`)
      if (arn.region === '') throw functionMissing(functionArn)
      const context = { account: principal.account, region: arn.region, principal }
      const address = requestedFunction(functionArn, undefined, context, 'lambda:InvokeFunction')
      const event = checkEvent(payload, 'RequestResponse')
      const record = await requireFunction(deps, address)
      const running = deps.execution.invoke(record, { requestId: requestId(), payload: event, tail: false })
      // The caller may stop waiting; the function goes on, as it does when a client of the API leaves.
      const { payload: answer, functionError } = await unlessAborted(running, signal)
      return { payload: answer, functionError }
    },
  }
}
