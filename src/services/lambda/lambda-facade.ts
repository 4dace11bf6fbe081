import type { Principal } from '../../access/principal.ts'
import { requestId } from '../../shared/ids.ts'
import type { AccessQuestion } from '../authorizer.ts'
import type { LambdaDeps } from './deps.ts'
import { invalidParameterValue } from './errors.ts'
import type { LambdaFacade } from './facade.ts'
import {
  type FunctionAddress,
  functionArn as formatFunctionArn,
  parseFunctionName,
  requestedFunction,
} from './functions/function-name.ts'
import { requireFunction } from './functions/function-store.ts'
import { eventStatements } from './invocations/async-invocations.ts'
import { checkEvent } from './invocations/invocation-input.ts'
import { unlessAborted } from './invocations/unless-aborted.ts'

/** Lambda for the other services. */
export function createLambdaFacade(
  deps: Pick<LambdaDeps, 'database' | 'box' | 'execution' | 'authorizer' | 'queue' | 'clock'>,
): LambdaFacade {
  /** The function that the principal may invoke. */
  async function permitted(
    principal: Principal,
    functionArn: string,
    more: Pick<AccessQuestion, 'origin' | 'conditions'>,
  ): Promise<FunctionAddress> {
    const { account, region, name, qualifier } = parseFunctionName(functionArn) ?? {}
    if (!functionArn.startsWith('arn:') || account === undefined || region === undefined || name === undefined)
      throw invalidParameterValue(`Invalid function ARN: ${functionArn}`)
    // In one spelling, so that no other way to write it passes by a policy.
    const resource = formatFunctionArn({ account, region, name }, qualifier)
    await deps.authorizer.require({ principal, action: 'lambda:InvokeFunction', resource, ...more })
    return requestedFunction(functionArn, undefined, { account, region })
  }

  return {
    async openFunction(principal, functionArn, conditions) {
      const record = await requireFunction(deps, await permitted(principal, functionArn, { conditions }))
      return {
        enqueue: (event) => {
          const payload = checkEvent(Buffer.from(event), 'Event')
          const accepted = { requestId: requestId(), payload, clientContext: undefined }
          return eventStatements(deps, record, accepted, deps.clock.now())
        },
      }
    },
    async invoke(principal, functionArn, payload, signal, origin) {
      signal.throwIfAborted()
      const address = await permitted(principal, functionArn, { origin })
      const event = checkEvent(payload, 'RequestResponse')
      const record = await requireFunction(deps, address)
      const running = deps.execution.invoke(record, { requestId: requestId(), payload: event, tail: false })
      // The caller may stop waiting; the function goes on, as it does when a client of the API leaves.
      const { payload: answer, functionError } = await unlessAborted(running, signal)
      return { payload: answer, functionError }
    },
  }
}
