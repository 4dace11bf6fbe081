import type { EcrOperation, EcrOperations, Tag } from '../../model/generated/ecr.ts'
import type { AccessNeed, AuthorizationTable, NeedsOf } from '../authorization.ts'
import type { RequestContext } from '../operation.ts'
import { repositoryArn, repositoryOfArn } from './repository-name.ts'

type Inputs = { readonly [Name in EcrOperation]: NeedsOf<EcrOperations[Name]['input']> }

interface Named {
  readonly registryId?: string
  readonly repositoryName: string
}

const need = (action: string, { registryId, repositoryName }: Named, context: RequestContext): AccessNeed => ({
  action: `ecr:${action}`,
  resource: repositoryArn({ account: registryId ?? context.account, region: context.region, name: repositoryName }),
})

const onRepository =
  (action: EcrOperation) =>
  (input: Named, context: RequestContext): readonly AccessNeed[] => [need(action, input, context)]

/** As policies name the repository: one partition is as good as another to the handlers, and only one is denied. */
function canonicalArn(text: string): string {
  const repository = repositoryOfArn(text)
  return repository === undefined ? text : repositoryArn(repository)
}

const onArn =
  (action: EcrOperation) =>
  ({ resourceArn }: { readonly resourceArn: string }): readonly AccessNeed[] => [
    { action: `ecr:${action}`, resource: canonicalArn(resourceArn) },
  ]

function withRequestTags(access: AccessNeed, tags: readonly Tag[] = []): AccessNeed {
  if (tags.length === 0) return access
  const requested = Object.fromEntries(tags.map(({ Key, Value }) => [`aws:requesttag/${Key.toLowerCase()}`, Value]))
  return { ...access, conditions: { ...requested, 'aws:tagkeys': tags.map(({ Key }) => Key) } }
}

/**
 * What the API's operations need; what requests to the registry need is said where they are answered, in the same
 * actions. Source: the service authorization reference of Amazon ECR.
 */
const table: Inputs = {
  BatchCheckLayerAvailability: onRepository('BatchCheckLayerAvailability'),
  BatchDeleteImage: onRepository('BatchDeleteImage'),
  BatchGetImage: onRepository('BatchGetImage'),
  CompleteLayerUpload: onRepository('CompleteLayerUpload'),
  // Who creates a repository with tags must be allowed to tag it as well.
  CreateRepository: (input, context) =>
    (['CreateRepository', ...(input.tags?.length ? ['TagResource'] : [])] as const).map((action) =>
      withRequestTags(need(action, input, context), input.tags),
    ),
  DeleteRepository: onRepository('DeleteRepository'),
  DeleteRepositoryPolicy: onRepository('DeleteRepositoryPolicy'),
  DescribeImages: onRepository('DescribeImages'),
  DescribeRepositories: ({ registryId, repositoryNames }, context) =>
    (repositoryNames ?? ['*']).map((repositoryName) =>
      need('DescribeRepositories', { registryId, repositoryName }, context),
    ),
  GetAuthorizationToken: () => [{ action: 'ecr:GetAuthorizationToken', resource: '*' }],
  GetDownloadUrlForLayer: onRepository('GetDownloadUrlForLayer'),
  GetRepositoryPolicy: onRepository('GetRepositoryPolicy'),
  InitiateLayerUpload: onRepository('InitiateLayerUpload'),
  ListImageReferrers: onRepository('ListImageReferrers'),
  ListImages: onRepository('ListImages'),
  ListTagsForResource: onArn('ListTagsForResource'),
  PutImage: onRepository('PutImage'),
  PutImageScanningConfiguration: onRepository('PutImageScanningConfiguration'),
  PutImageTagMutability: onRepository('PutImageTagMutability'),
  SetRepositoryPolicy: onRepository('SetRepositoryPolicy'),
  TagResource: ({ resourceArn, tags }) => [
    withRequestTags({ action: 'ecr:TagResource', resource: canonicalArn(resourceArn) }, tags),
  ],
  UntagResource: ({ resourceArn, tagKeys }) => [
    { action: 'ecr:UntagResource', resource: canonicalArn(resourceArn), conditions: { 'aws:tagkeys': tagKeys } },
  ],
  UploadLayerPart: onRepository('UploadLayerPart'),
}

export const ecrAuthorization: AuthorizationTable = table
