import type { SagemakerOperation, SagemakerOperations } from '../../model/generated/sagemaker.ts'
import { parseArn } from '../../shared/arn.ts'
import type { AccessNeed, AuthorizationTable, NeedsOf } from '../authorization.ts'
import type { RequestContext } from '../operation.ts'
import { configKeys, modelKeys, packageKeys, requestTags } from './condition-keys.ts'
import { readPackageReference } from './model-packages/package-reference.ts'
import { foreignRole } from './models/errors.ts'
import { canonicalArn, sagemakerArn } from './resource-name.ts'

type Inputs = { readonly [Name in SagemakerOperation]: NeedsOf<SagemakerOperations[Name]['input']> }

/**
 * The ARN of a resource named by name or by ARN, as policies are matched with it. An ARN says whose the resource is,
 * whoever asks.
 */
function arnOf(kind: string, nameOrArn: string | undefined, context: RequestContext): string {
  const name = nameOrArn ?? ''
  if (kind === 'model-package') return readPackageReference(name, context)?.arn ?? canonicalArn(name)
  return parseArn(name) === undefined ? sagemakerArn(context, kind, name) : canonicalArn(name)
}

const on =
  (action: string, kind: string) =>
  (name: string | undefined, context: RequestContext): AccessNeed => ({
    action: `sagemaker:${action}`,
    resource: arnOf(kind, name, context),
  })

const list = (action: string): AccessNeed => ({ action: `sagemaker:${action}`, resource: '*' })

/** The versions of a group, as the group's resource policy names them: `…:model-package/<group>/*`. */
const versionsOf = (action: string, group: string, context: RequestContext): AccessNeed => ({
  action: `sagemaker:${action}`,
  resource: `${arnOf('model-package-group', group, context).replace(':model-package-group/', ':model-package/')}/*`,
})

const given = (need: AccessNeed, conditions: AccessNeed['conditions']): AccessNeed => ({ ...need, conditions })

function passRole(role: string | undefined, { account }: RequestContext): readonly AccessNeed[] {
  if (role === undefined) return []
  if (parseArn(role)?.account !== account) throw foreignRole()
  return [{ action: 'iam:PassRole', resource: role, conditions: { 'iam:passedtoservice': 'sagemaker.amazonaws.com' } }]
}

/** Creating something with tags also takes the right to tag it. */
function created(need: AccessNeed, tags: readonly { Key: string; Value: string }[] | undefined): readonly AccessNeed[] {
  if (tags === undefined || tags.length === 0) return [need]
  const conditions = { ...need.conditions, ...requestTags(tags) }
  return [
    { ...need, conditions },
    { action: 'sagemaker:AddTags', resource: need.resource, conditions },
  ]
}

const group = (action: string) => on(action, 'model-package-group')
const packageNeed = (action: string) => on(action, 'model-package')
const model = (action: string) => on(action, 'model')
const config = (action: string) => on(action, 'endpoint-config')
const endpoint = (action: string) => on(action, 'endpoint')

/**
 * Source: the service authorization reference of SageMaker, and "Register a model version from a different account" (developer
 * guide) for versions.
 */
const table: Inputs = {
  AddTags: ({ ResourceArn, Tags }) => [
    { action: 'sagemaker:AddTags', resource: canonicalArn(ResourceArn), conditions: requestTags(Tags) },
  ],
  // The handler asks for each package: what may not be described is told apart, and the others are answered.
  BatchDescribeModelPackage: () => [],
  CreateEndpoint: (input, context) => [
    ...created(endpoint('CreateEndpoint')(input.EndpointName, context), input.Tags),
    config('CreateEndpoint')(input.EndpointConfigName, context),
  ],
  CreateEndpointConfig: (input, context) => [
    ...created(
      given(config('CreateEndpointConfig')(input.EndpointConfigName, context), configKeys(input, context)),
      input.Tags,
    ),
    ...passRole(input.ExecutionRoleArn, context),
  ],
  CreateModel: (input, context) => {
    const packages = [input.PrimaryContainer, ...(input.Containers ?? [])].flatMap(
      (container) => container?.ModelPackageName ?? [],
    )
    return [
      ...created(given(model('CreateModel')(input.ModelName, context), modelKeys(input)), input.Tags),
      ...packages.map((name) => packageNeed('CreateModel')(name, context)),
      ...passRole(input.ExecutionRoleArn, context),
    ]
  },
  CreateModelPackage: (input, context) =>
    input.ModelPackageGroupName === undefined
      ? created(
          given(packageNeed('CreateModelPackage')(input.ModelPackageName, context), packageKeys(input)),
          input.Tags,
        )
      : [given(versionsOf('CreateModelPackage', input.ModelPackageGroupName, context), packageKeys(input))],
  CreateModelPackageGroup: (input, context) =>
    created(group('CreateModelPackageGroup')(input.ModelPackageGroupName, context), input.Tags),
  DeleteEndpoint: (input, context) => [endpoint('DeleteEndpoint')(input.EndpointName, context)],
  DeleteEndpointConfig: (input, context) => [config('DeleteEndpointConfig')(input.EndpointConfigName, context)],
  DeleteModel: (input, context) => [model('DeleteModel')(input.ModelName, context)],
  DeleteModelPackage: (input, context) => [packageNeed('DeleteModelPackage')(input.ModelPackageName, context)],
  DeleteModelPackageGroup: (input, context) => [group('DeleteModelPackageGroup')(input.ModelPackageGroupName, context)],
  DeleteModelPackageGroupPolicy: (input, context) => [
    group('DeleteModelPackageGroupPolicy')(input.ModelPackageGroupName, context),
  ],
  DeleteTags: ({ ResourceArn, TagKeys }) => [
    { action: 'sagemaker:DeleteTags', resource: canonicalArn(ResourceArn), conditions: { 'aws:tagkeys': TagKeys } },
  ],
  DescribeEndpoint: (input, context) => [endpoint('DescribeEndpoint')(input.EndpointName, context)],
  DescribeEndpointConfig: (input, context) => [config('DescribeEndpointConfig')(input.EndpointConfigName, context)],
  DescribeModel: (input, context) => [model('DescribeModel')(input.ModelName, context)],
  DescribeModelPackage: (input, context) => [packageNeed('DescribeModelPackage')(input.ModelPackageName, context)],
  DescribeModelPackageGroup: (input, context) => [
    group('DescribeModelPackageGroup')(input.ModelPackageGroupName, context),
  ],
  GetModelPackageGroupPolicy: (input, context) => [
    group('GetModelPackageGroupPolicy')(input.ModelPackageGroupName, context),
  ],
  ListEndpointConfigs: () => [list('ListEndpointConfigs')],
  ListEndpoints: () => [list('ListEndpoints')],
  ListModelPackageGroups: () => [list('ListModelPackageGroups')],
  ListModelPackages: (input, context) =>
    input.ModelPackageGroupName === undefined
      ? [list('ListModelPackages')]
      : [versionsOf('ListModelPackages', input.ModelPackageGroupName, context)],
  ListModels: () => [list('ListModels')],
  ListTags: ({ ResourceArn }) => [{ action: 'sagemaker:ListTags', resource: canonicalArn(ResourceArn) }],
  PutModelPackageGroupPolicy: (input, context) => [
    group('PutModelPackageGroupPolicy')(input.ModelPackageGroupName, context),
  ],
  UpdateEndpoint: (input, context) => [
    endpoint('UpdateEndpoint')(input.EndpointName, context),
    config('UpdateEndpoint')(input.EndpointConfigName, context),
  ],
  UpdateEndpointWeightsAndCapacities: (input, context) => [
    endpoint('UpdateEndpointWeightsAndCapacities')(input.EndpointName, context),
  ],
  UpdateModelPackage: (input, context) => [
    given(packageNeed('UpdateModelPackage')(input.ModelPackageArn, context), packageKeys(input)),
  ],
}

export const sagemakerAuthorization: AuthorizationTable = table
