import { randomUUID } from 'node:crypto'
import type { CreateFunctionRequest, FunctionConfiguration } from '../../../model/generated/lambda.ts'
import { randomText } from '../../../shared/ids.ts'
import type { LambdaFunctionRow } from '../../../storage/schema/lambda.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { receiveCode } from '../code/receive-code.ts'
import type { LambdaDeps } from '../deps.ts'
import { functionExists, invalidParameterValue } from '../errors.ts'
import { checkTags } from '../tags/function-tags.ts'
import { functionConfiguration } from './function-configuration.ts'
import { functionArn, LATEST, parseFunctionName, requestedFunction } from './function-name.ts'
import { codeColumns, recordOfRow, settingsColumns } from './function-record.ts'
import { functionVariables, newSettings } from './function-settings.ts'
import { findFunction, functionAccessChanged } from './function-store.ts'

/** Creates a function that can be invoked as soon as this answers. */
export async function createFunction(
  deps: LambdaDeps,
  input: CreateFunctionRequest,
  context: RequestContext,
): Promise<FunctionConfiguration> {
  const qualifier = parseFunctionName(input.FunctionName)?.qualifier
  if (qualifier !== undefined && qualifier !== LATEST) {
    throw invalidParameterValue('The function name may not have a version or alias.')
  }
  const address = requestedFunction(input.FunctionName, undefined, context)
  if (address.name.length > 64 || address.name.includes('.')) {
    throw invalidParameterValue(`Invalid function name: ${address.name}`)
  }
  const settings = newSettings(input)
  const variables = functionVariables(input.Environment)
  const tags = checkTags(input.Tags ?? {})
  // Before the code is taken in, which may be much work; the insert decides.
  if ((await findFunction(deps.database, deps.box, address)) !== undefined) throw functionExists(address.name)
  await requireAssumableRole(deps, settings.role, functionArn(address))
  const code = await receiveCode(deps, input.Code, input.PackageType ?? 'Zip', 'CreateFunction', context)

  const id = randomText(20)
  const row: LambdaFunctionRow = {
    ...address,
    id,
    revision_id: randomUUID(),
    ...settingsColumns(id, settings, variables, deps.box),
    ...codeColumns(code),
    created_at: context.now,
    modified_at: context.now,
  }
  const db = deps.database.query
  const insert = db
    .insertInto('lambda_functions')
    .values(row)
    .onConflict((conflict) => conflict.columns(['account', 'region', 'name']).doNothing())
  const tagRows = Object.entries(tags).map(([key, value]) => ({ function_id: id, key, value }))
  try {
    await deps.database.commit([
      statement(
        insert,
        one(() => functionExists(address.name)),
      ),
      ...(tagRows.length === 0 ? [] : [statement(db.insertInto('lambda_tags').values(tagRows))]),
      functionAccessChanged(deps.feed, address),
    ])
  } catch (error) {
    if (code.type === 'Zip') await deps.blobs.remove(code.blob)
    throw error
  }
  return functionConfiguration(recordOfRow(row, deps.box))
}

/** The role must exist and trust Lambda for the function with this ARN, or no environment could be given its credentials. */
export async function requireAssumableRole(deps: Pick<LambdaDeps, 'iam'>, role: string, arn: string): Promise<void> {
  const principal = await deps.iam.assumeRoleForService(role, 'lambda.amazonaws.com', 'awslambda', arn)
  if (principal === undefined) {
    throw invalidParameterValue('The role defined for the function cannot be assumed by Lambda.')
  }
}
