import type { Principal } from '../../../access/principal.ts'
import { rootPrincipal } from '../../../access/principals.ts'
import type {
  AdditionalInferenceSpecificationDefinition,
  InferenceSpecification,
  ModelPackageContainerDefinition,
} from '../../../model/generated/sagemaker.ts'
import { formatArn } from '../../../shared/arn.ts'
import { parseS3Location, type S3Location } from '../../../shared/s3-location.ts'
import { ServiceError } from '../../../wire/service-error.ts'
import type { RequestContext } from '../../operation.ts'
import { noS3Location } from '../models/errors.ts'
import { modelDataOf } from '../models/resolved-container.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { notReadableByOwner } from './errors.ts'

/** What a version names. */
export interface NamedByVersion {
  readonly InferenceSpecification?: InferenceSpecification
  readonly AdditionalInferenceSpecifications?: readonly AdditionalInferenceSpecificationDefinition[]
}

/** So many objects under a prefix are looked at; the deployment looks at all. */
const MAX_OBJECTS = 1_000

/**
 * Refuses a version that is to be registered with another account while that account could not read what the version
 * names: images of this server's registry, and model data with the key it is encrypted under. Asked as the account's
 * root, so as far as the policies of the repository, the bucket and the key go. Source: "Set up cross-account
 * registration" (developer guide).
 * @throws ServiceError `AccessDeniedException` with the first refusal, or `ValidationException` for what is not there
 */
export async function requireReadableByOwner(
  deps: SagemakerDeps,
  owner: string,
  { InferenceSpecification: specification, AdditionalInferenceSpecifications: additional = [] }: NamedByVersion,
  context: RequestContext,
): Promise<void> {
  if (owner === context.account) return
  const specifications = specification === undefined ? additional : [specification, ...additional]
  const reader = rootPrincipal(owner)
  for (const container of specifications.flatMap(({ Containers }) => Containers)) {
    try {
      await requireImage(deps, container, reader, context)
      await requireModelData(deps, container, reader, context)
    } catch (error) {
      // What broke while asking is no answer.
      if (!(error instanceof ServiceError) || error.status >= 500) throw error
      throw notReadableByOwner(owner, error)
    }
  }
}

/** Images of other registries, and names that nothing lies under here, are for the deployment to find out about. */
async function requireImage(
  { ecr, authorizer }: SagemakerDeps,
  { Image: image }: ModelPackageContainerDefinition,
  principal: Principal,
  { origin }: RequestContext,
): Promise<void> {
  const repository = image === undefined ? undefined : ecr.locate(image)?.repository
  if (repository === undefined || !(await ecr.hasRepository(repository))) return
  const { account, region, name } = repository
  const resource = formatArn({ service: 'ecr', region, account, resource: `repository/${name}` })
  for (const action of ['ecr:BatchGetImage', 'ecr:DescribeImages'])
    await authorizer.require({ principal, action, resource, origin })
}

async function requireModelData(
  deps: SagemakerDeps,
  container: ModelPackageContainerDefinition,
  reader: Principal,
  context: RequestContext,
): Promise<void> {
  const data = modelDataOf(container)
  if (data === undefined) return
  const location = parseS3Location(data.uri)
  if (location === undefined) throw noS3Location(data.uri)
  await deps.s3.checkAccess(reader, 's3:GetBucketAcl', location.bucket)
  if (data.form !== 'prefix') return requireObject(deps, reader, location, context.signal)
  let left = MAX_OBJECTS
  // The caller knows what lies there; the owner of the group need not be allowed to list it.
  for await (const { key } of deps.s3.listObjects(context.principal, location.bucket, location.key)) {
    await requireObject(deps, reader, { bucket: location.bucket, key }, context.signal)
    if (--left === 0) return
  }
}

async function requireObject(
  { s3 }: SagemakerDeps,
  reader: Principal,
  { bucket, key }: S3Location,
  signal: AbortSignal,
): Promise<void> {
  await s3.checkAccess(reader, 's3:GetObject', bucket, key)
  await s3.checkAccess(reader, 's3:GetObjectAcl', bucket, key)
  // Opening it is what takes the key.
  const { body } = await s3.getObject(reader, bucket, key, { signal })
  body.destroy()
}
