import type {
  AddPermissionRequest,
  AddPermissionResponse,
  GetPolicyRequest,
  GetPolicyResponse,
  RemovePermissionRequest,
} from '../../../model/generated/lambda.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import type { LambdaDeps } from '../deps.ts'
import {
  functionMissing,
  noPolicyOfLatest,
  policyMissing,
  staleRevision,
  statementExists,
  statementMissing,
} from '../errors.ts'
import { LATEST, parseFunctionName, requestedFunction } from '../functions/function-name.ts'
import { functionAccessChanged, requireFunction } from '../functions/function-store.ts'
import { permissionStatement, policyRevision, readStatements } from './function-policy.ts'

/** Adds a statement to a function's resource policy. */
export async function addPermission(
  deps: LambdaDeps,
  input: AddPermissionRequest,
  context: RequestContext,
): Promise<AddPermissionResponse> {
  const { database } = deps
  const address = requestedFunction(input.FunctionName, input.Qualifier, context)
  if ((input.Qualifier ?? parseFunctionName(input.FunctionName)?.qualifier) === LATEST) throw noPolicyOfLatest()
  const record = await requireFunction(deps, address)
  await checkRevision(deps, record.id, input.RevisionId)
  const added = permissionStatement(input, record.arn)
  const insert = database.query
    .insertInto('lambda_permissions')
    .values({
      function_id: record.id,
      statement_id: input.StatementId,
      statement: JSON.stringify(added),
      created_at: context.now,
    })
    .onConflict((conflict) => conflict.columns(['function_id', 'statement_id']).doNothing())
  await database.commit([
    statement(
      database.query.selectFrom('lambda_functions').select('id').where('id', '=', record.id),
      one(() => functionMissing(record.arn)),
    ),
    statement(
      insert,
      one(() => statementExists(input.StatementId)),
    ),
    functionAccessChanged(deps.feed, address),
  ])
  return { Statement: JSON.stringify(added) }
}

export async function getPolicy(
  deps: LambdaDeps,
  input: GetPolicyRequest,
  context: RequestContext,
): Promise<GetPolicyResponse> {
  const address = requestedFunction(input.FunctionName, input.Qualifier, context)
  const { id } = await requireFunction(deps, address)
  const statements = await readStatements(deps.database, id)
  if (statements.length === 0) throw policyMissing()
  return {
    Policy: JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: statements }),
    RevisionId: policyRevision(statements),
  }
}

export async function removePermission(
  deps: LambdaDeps,
  input: RemovePermissionRequest,
  context: RequestContext,
): Promise<undefined> {
  const { database } = deps
  const address = requestedFunction(input.FunctionName, input.Qualifier, context)
  const { id } = await requireFunction(deps, address)
  await checkRevision(deps, id, input.RevisionId)
  const remove = database.query
    .deleteFrom('lambda_permissions')
    .where('function_id', '=', id)
    .where('statement_id', '=', input.StatementId)
  await database.commit([
    statement(
      remove,
      one(() => statementMissing(input.StatementId)),
    ),
    functionAccessChanged(deps.feed, address),
  ])
  return undefined
}

async function checkRevision(deps: LambdaDeps, functionId: string, revision: string | undefined): Promise<void> {
  if (revision === undefined) return
  if (policyRevision(await readStatements(deps.database, functionId)) !== revision) throw staleRevision()
}
