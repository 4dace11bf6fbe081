import type { InvocationRequest, InvocationResponse } from '../../../model/generated/lambda.ts'
import { notImplemented } from '../../../wire/service-error.ts'
import type { RequestContext } from '../../operation.ts'
import type { LambdaDeps } from '../deps.ts'
import { LATEST, requestedFunction } from '../functions/function-name.ts'
import { requireFunction } from '../functions/function-store.ts'
import { acceptEvent } from './async-invocations.ts'
import { checkEvent, decodeClientContext } from './invocation-input.ts'

/**
 * Invokes a function: waits for its answer, accepts the event for later (`Event`), or only checks (`DryRun`). A function
 * that fails answers 200 with `FunctionError`.
 */
export async function invoke(
  deps: LambdaDeps,
  input: InvocationRequest,
  context: RequestContext,
): Promise<InvocationResponse> {
  if (input.DurableExecutionName !== undefined) throw notImplemented('Durable executions')
  if (input.TenantId !== undefined) throw notImplemented('Tenant isolation')
  const type = input.InvocationType ?? 'RequestResponse'
  const address = requestedFunction(input.FunctionName, input.Qualifier, context)
  const payload = checkEvent(input.Payload, type)
  const clientContext = decodeClientContext(input.ClientContext)
  const record = await requireFunction(deps, address)
  if (type === 'DryRun') return { StatusCode: 204 }
  if (type === 'Event') {
    await acceptEvent(deps, record, { requestId: context.requestId, payload, clientContext }, context.now)
    return { StatusCode: 202 }
  }
  const outcome = await deps.execution.invoke(record, {
    requestId: context.requestId,
    payload,
    tail: input.LogType === 'Tail',
    ...(clientContext !== undefined && { clientContext }),
  })
  return {
    StatusCode: 200,
    ...(outcome.functionError !== undefined && { FunctionError: outcome.functionError }),
    ...(outcome.logTail !== undefined && { LogResult: outcome.logTail }),
    Payload: outcome.payload,
    ExecutedVersion: LATEST,
  }
}
