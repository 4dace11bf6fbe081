import type { LambdaOperation, LambdaOperations } from '../../model/generated/lambda.ts'
import type { AccessNeed, AuthorizationTable, NeedsOf } from '../authorization.ts'
import type { RequestContext } from '../operation.ts'
import { functionArn, parseFunctionName } from './functions/function-name.ts'

type Inputs = { readonly [Name in LambdaOperation]: NeedsOf<LambdaOperations[Name]['input']> }

const onFunction =
  (action: string) =>
  ({ FunctionName }: { readonly FunctionName: string }, context: RequestContext): readonly AccessNeed[] => {
    const reference = parseFunctionName(FunctionName)
    const { account = context.account, region = context.region, name = FunctionName } = reference ?? {}
    return [{ action: `lambda:${action}`, resource: functionArn({ account, region, name }, reference?.qualifier) }]
  }

const onResource =
  (action: string) =>
  ({ Resource }: { readonly Resource: string }): readonly AccessNeed[] => [
    { action: `lambda:${action}`, resource: Resource },
  ]

const passRole = (role: string | undefined): readonly AccessNeed[] =>
  role === undefined
    ? []
    : [{ action: 'iam:PassRole', resource: role, conditions: { 'iam:passedtoservice': 'lambda.amazonaws.com' } }]

/** Source: the service authorization reference of AWS Lambda. */
const table: Inputs = {
  AddPermission: onFunction('AddPermission'),
  CreateFunction: (input, context) => [...onFunction('CreateFunction')(input, context), ...passRole(input.Role)],
  DeleteFunction: onFunction('DeleteFunction'),
  GetFunction: onFunction('GetFunction'),
  GetFunctionConfiguration: onFunction('GetFunctionConfiguration'),
  GetPolicy: onFunction('GetPolicy'),
  Invoke: onFunction('InvokeFunction'),
  ListFunctions: () => [{ action: 'lambda:ListFunctions', resource: '*' }],
  ListTags: onResource('ListTags'),
  RemovePermission: onFunction('RemovePermission'),
  TagResource: onResource('TagResource'),
  UntagResource: onResource('UntagResource'),
  UpdateFunctionCode: onFunction('UpdateFunctionCode'),
  UpdateFunctionConfiguration: (input, context) => [
    ...onFunction('UpdateFunctionConfiguration')(input, context),
    ...passRole(input.Role),
  ],
}

export const lambdaAuthorization: AuthorizationTable = table
