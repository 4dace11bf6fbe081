import type { LambdaOperation, LambdaOperations } from '../../model/generated/lambda.ts'
import type { Operation, OperationTable } from '../operation.ts'
import type { LambdaDeps } from './deps.ts'
import { createFunction } from './functions/create-function.ts'
import { deleteFunction } from './functions/delete-function.ts'
import { getFunction } from './functions/get-function.ts'
import { getFunctionConfiguration } from './functions/get-function-configuration.ts'
import { listFunctions } from './functions/list-functions.ts'
import { updateFunctionCode } from './functions/update-function-code.ts'
import { updateFunctionConfiguration } from './functions/update-function-configuration.ts'
import { invoke } from './invocations/invoke.ts'
import * as policies from './policies/policy-operations.ts'
import * as tags from './tags/tag-operations.ts'

type LambdaTable = {
  readonly [Name in LambdaOperation]: Operation<LambdaOperations[Name]['input'], LambdaOperations[Name]['output']>
}

/** AWS Lambda. */
export const createLambdaService = (deps: LambdaDeps): OperationTable =>
  ({
    AddPermission: (input, context) => policies.addPermission(deps, input, context),
    CreateFunction: (input, context) => createFunction(deps, input, context),
    DeleteFunction: (input, context) => deleteFunction(deps, input, context),
    GetFunction: (input, context) => getFunction(deps, input, context),
    GetFunctionConfiguration: (input, context) => getFunctionConfiguration(deps, input, context),
    GetPolicy: (input, context) => policies.getPolicy(deps, input, context),
    Invoke: (input, context) => invoke(deps, input, context),
    ListFunctions: (input, context) => listFunctions(deps, input, context),
    ListTags: (input, context) => tags.listTags(deps, input, context),
    RemovePermission: (input, context) => policies.removePermission(deps, input, context),
    TagResource: (input, context) => tags.tagResource(deps, input, context),
    UntagResource: (input, context) => tags.untagResource(deps, input, context),
    UpdateFunctionCode: (input, context) => updateFunctionCode(deps, input, context),
    UpdateFunctionConfiguration: (input, context) => updateFunctionConfiguration(deps, input, context),
  }) satisfies LambdaTable
