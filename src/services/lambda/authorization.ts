import type { LambdaOperation, LambdaOperations, VpcConfig } from '../../model/generated/lambda.ts'
import type { AccessNeed, AuthorizationTable, NeedsOf } from '../authorization.ts'
import type { RequestContext } from '../operation.ts'
import { functionArn, LATEST, parseFunctionName } from './functions/function-name.ts'

type Inputs = { readonly [Name in LambdaOperation]: NeedsOf<LambdaOperations[Name]['input']> }

interface Named {
  readonly FunctionName: string
  readonly Qualifier?: string
}

const addressed = ({ FunctionName, Qualifier }: Named, context: RequestContext) => {
  const reference = parseFunctionName(FunctionName)
  const { account = context.account, region = context.region, name = FunctionName } = reference ?? {}
  return { account, resource: functionArn({ account, region, name }, reference?.qualifier ?? Qualifier) }
}

/** What changes a function changes all of it: named as its version $LATEST it is the function that policies deny. */
const whole = ({ FunctionName, Qualifier }: Named): Named => ({
  FunctionName: FunctionName.endsWith(`:${LATEST}`) ? FunctionName.slice(0, -LATEST.length - 1) : FunctionName,
  Qualifier: Qualifier === LATEST ? undefined : Qualifier,
})

const onFunction =
  (action: LambdaOperation | 'InvokeFunction') =>
  (input: Named, context: RequestContext): readonly AccessNeed[] => [
    { action: `lambda:${action}`, resource: addressed(input, context).resource },
  ]

/** No function's policy opens these to another account. Source: "Cross-account APIs" (AWS Lambda Developer Guide). */
const onOwnFunction =
  (action: LambdaOperation) =>
  (input: Named, context: RequestContext): readonly AccessNeed[] => {
    const { account, resource } = addressed(whole(input), context)
    const need = { action: `lambda:${action}`, resource }
    return [account === context.account ? need : { ...need, resourceSide: { account } }]
  }

const onResource =
  (action: LambdaOperation) =>
  ({ Resource }: { readonly Resource: string }, context: RequestContext): readonly AccessNeed[] =>
    Resource.includes(':function:')
      ? onFunction(action)(whole({ FunctionName: Resource }), context)
      : [{ action: `lambda:${action}`, resource: Resource }]

const withConditions = (needs: readonly AccessNeed[], conditions: AccessNeed['conditions']): readonly AccessNeed[] =>
  needs.map((need) => ({ ...need, conditions: { ...need.conditions, ...conditions } }))

function requestTags(tags: Readonly<Record<string, string>> = {}): NonNullable<AccessNeed['conditions']> {
  const names = Object.keys(tags)
  if (names.length === 0) return {}
  const values = names.map((name) => [`aws:requesttag/${name.toLowerCase()}`, tags[name] as string])
  return { ...Object.fromEntries(values), 'aws:tagkeys': names }
}

const network = ({ SubnetIds = [], SecurityGroupIds = [] }: VpcConfig = {}): NonNullable<AccessNeed['conditions']> => ({
  ...(SubnetIds.length > 0 && { 'lambda:subnetids': SubnetIds }),
  ...(SecurityGroupIds.length > 0 && { 'lambda:securitygroupids': SecurityGroupIds }),
})

const passRole = (role: string | undefined): readonly AccessNeed[] =>
  role === undefined
    ? []
    : [{ action: 'iam:PassRole', resource: role, conditions: { 'iam:passedtoservice': 'lambda.amazonaws.com' } }]

/** Source: the service authorization reference of AWS Lambda. */
const table: Inputs = {
  AddPermission: (input, context) =>
    withConditions(onOwnFunction('AddPermission')(input, context), { 'lambda:principal': input.Principal }),
  // Who creates a function with tags must be allowed to tag it as well.
  CreateFunction: (input, context) => [
    ...withConditions(
      [
        ...onOwnFunction('CreateFunction')(input, context),
        ...(Object.keys(input.Tags ?? {}).length > 0 ? onOwnFunction('TagResource')(input, context) : []),
      ],
      { ...network(input.VpcConfig), ...requestTags(input.Tags) },
    ),
    ...passRole(input.Role),
  ],
  DeleteFunction: (input, context) => onFunction('DeleteFunction')(whole(input), context),
  GetFunction: onFunction('GetFunction'),
  GetFunctionConfiguration: onFunction('GetFunctionConfiguration'),
  GetPolicy: onFunction('GetPolicy'),
  Invoke: onFunction('InvokeFunction'),
  ListFunctions: () => [{ action: 'lambda:ListFunctions', resource: '*' }],
  ListTags: onResource('ListTags'),
  RemovePermission: onOwnFunction('RemovePermission'),
  TagResource: (input, context) => withConditions(onResource('TagResource')(input, context), requestTags(input.Tags)),
  UntagResource: (input, context) =>
    withConditions(onResource('UntagResource')(input, context), { 'aws:tagkeys': input.TagKeys }),
  UpdateFunctionCode: (input, context) => onFunction('UpdateFunctionCode')(whole(input), context),
  UpdateFunctionConfiguration: (input, context) => [
    ...withConditions(onOwnFunction('UpdateFunctionConfiguration')(input, context), network(input.VpcConfig)),
    ...passRole(input.Role),
  ],
}

export const lambdaAuthorization: AuthorizationTable = table
