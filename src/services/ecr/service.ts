import type { EcrOperation, EcrOperations } from '../../model/generated/ecr.ts'
import type { Operation, OperationTable } from '../operation.ts'
import { getAuthorizationToken } from './authorization/get-authorization-token.ts'
import type { EcrDeps } from './ecr-deps.ts'
import { batchDeleteImage } from './images/batch-delete-image.ts'
import { batchGetImage } from './images/batch-get-image.ts'
import { describeImages } from './images/describe-images.ts'
import { listImageReferrers } from './images/list-image-referrers.ts'
import { listImages } from './images/list-images.ts'
import { putImage } from './images/put-image.ts'
import { batchCheckLayerAvailability, getDownloadUrlForLayer } from './layers/layer-operations.ts'
import { completeLayerUpload, initiateLayerUpload, uploadLayerPart } from './layers/upload-operations.ts'
import { createRepository } from './repositories/create-repository.ts'
import { deleteRepository } from './repositories/delete-repository.ts'
import { describeRepositories } from './repositories/describe-repositories.ts'
import { putImageScanningConfiguration } from './repositories/put-image-scanning-configuration.ts'
import { putImageTagMutability } from './repositories/put-image-tag-mutability.ts'
import * as policies from './repository-policies/repository-policy-operations.ts'
import * as tags from './tags/tag-operations.ts'

type EcrTable = {
  readonly [Name in EcrOperation]: Operation<EcrOperations[Name]['input'], EcrOperations[Name]['output']>
}

/**
 * Amazon ECR. Differences that a caller may notice: a repositoryUri names the account and the region in its path, since
 * one address serves them all; nothing scans, replicates or expires images: whatever would is refused by name.
 */
export const createEcrService = (deps: EcrDeps): OperationTable =>
  ({
    BatchCheckLayerAvailability: (input, context) => batchCheckLayerAvailability(deps, input, context),
    BatchDeleteImage: (input, context) => batchDeleteImage(deps, input, context),
    BatchGetImage: (input, context) => batchGetImage(deps, input, context),
    CompleteLayerUpload: (input, context) => completeLayerUpload(deps, input, context),
    CreateRepository: (input, context) => createRepository(deps, input, context),
    DeleteRepository: (input, context) => deleteRepository(deps, input, context),
    DeleteRepositoryPolicy: (input, context) => policies.deleteRepositoryPolicy(deps, input, context),
    DescribeImages: (input, context) => describeImages(deps, input, context),
    DescribeRepositories: (input, context) => describeRepositories(deps, input, context),
    GetAuthorizationToken: (input, context) => getAuthorizationToken(deps, input, context),
    GetDownloadUrlForLayer: (input, context) => getDownloadUrlForLayer(deps, input, context),
    GetRepositoryPolicy: (input, context) => policies.getRepositoryPolicy(deps, input, context),
    InitiateLayerUpload: (input, context) => initiateLayerUpload(deps, input, context),
    ListImageReferrers: (input, context) => listImageReferrers(deps, input, context),
    ListImages: (input, context) => listImages(deps, input, context),
    ListTagsForResource: (input, context) => tags.listTagsForResource(deps, input, context),
    PutImage: (input, context) => putImage(deps, input, context),
    PutImageScanningConfiguration: (input, context) => putImageScanningConfiguration(deps, input, context),
    PutImageTagMutability: (input, context) => putImageTagMutability(deps, input, context),
    SetRepositoryPolicy: (input, context) => policies.setRepositoryPolicy(deps, input, context),
    TagResource: (input, context) => tags.tagResource(deps, input, context),
    UntagResource: (input, context) => tags.untagResource(deps, input, context),
    UploadLayerPart: (input, context) => uploadLayerPart(deps, input, context),
  }) satisfies EcrTable
