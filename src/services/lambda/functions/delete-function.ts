import type { DeleteFunctionRequest, DeleteFunctionResponse } from '../../../model/generated/lambda.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import type { LambdaDeps } from '../deps.ts'
import { functionMissing, invalidParameterValue } from '../errors.ts'
import { functionArn, LATEST, parseFunctionName, requestedFunction } from './function-name.ts'
import { FUNCTION_CHANGED, functionAccessChanged, requireFunction } from './function-store.ts'

/** Deletes a function with its policy and tags; its log group stays, as in AWS. */
export async function deleteFunction(
  { database, box, feed }: LambdaDeps,
  input: DeleteFunctionRequest,
  context: RequestContext,
): Promise<DeleteFunctionResponse> {
  if ((input.Qualifier ?? parseFunctionName(input.FunctionName)?.qualifier) === LATEST) {
    throw invalidParameterValue('$LATEST version cannot be deleted without deleting the function.')
  }
  const address = requestedFunction(input.FunctionName, input.Qualifier, context)
  const { id } = await requireFunction({ database, box }, address)
  await database.commit([
    statement(
      database.query.deleteFrom('lambda_functions').where('id', '=', id),
      one(() => functionMissing(functionArn(address))),
    ),
    statement(database.query.deleteFrom('lambda_permissions').where('function_id', '=', id)),
    statement(database.query.deleteFrom('lambda_tags').where('function_id', '=', id)),
    feed.announce({ topic: FUNCTION_CHANGED, key: id }),
    functionAccessChanged(feed, address),
  ])
  return { StatusCode: 204 }
}
