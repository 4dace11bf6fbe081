import type { Principal } from '../../../access/principal.ts'
import { parseS3Location } from '../../../shared/s3-location.ts'
import { ServiceError } from '../../../wire/service-error.ts'
import { denialIdOf } from '../../authorizer.ts'
import type { RequestContext } from '../../operation.ts'
import { explained } from '../denial-hint.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { inaccessibleModelData, invalidRole, roleRequired } from './errors.ts'
import type { ModelData, ResolvedContainer } from './resolved-container.ts'

const SERVICE = 'sagemaker.amazonaws.com'

/**
 * Checks what a model does as its execution role: that the service may take the role, and that the role sees the model
 * data. A model without a role is one that needs none.
 * @throws ServiceError `ValidationException` with the service's sentences
 */
export async function checkExecutionRole(
  deps: SagemakerDeps,
  roleArn: string | undefined,
  containers: readonly ResolvedContainer[],
  context: RequestContext,
): Promise<void> {
  if (roleArn === undefined) {
    if (containers.some((one) => one.modelData !== undefined || one.credentialsProviderArn !== undefined)) {
      throw roleRequired()
    }
    return
  }
  const role = await deps.iam.assumeRoleForService(roleArn, SERVICE, 'SageMaker')
  if (role === undefined) throw invalidRole(roleArn)
  const data = containers.map(({ modelData }) => modelData).filter((one) => one !== undefined)
  for (const one of data) {
    const obstacle = await obstacleTo(deps, role, one)
    if (obstacle !== undefined) throw inaccessibleModelData(one.uri, roleArn, context.region, obstacle)
  }
}

/** What keeps the role from seeing model data: a refusal's own words, or none; undefined when nothing does. */
async function obstacleTo(
  { s3 }: SagemakerDeps,
  role: Principal,
  { uri, form, etag }: ModelData,
): Promise<string | undefined> {
  const location = parseS3Location(uri)
  if (location === undefined) return ''
  try {
    if (form !== 'prefix') {
      const head = await s3.headObject(role, location.bucket, location.key)
      return etag === undefined || head.etag === etag.replaceAll('"', '') ? undefined : ''
    }
    for await (const _ of s3.listObjects(role, location.bucket, location.key)) return undefined
    return ''
  } catch (error) {
    // What S3 refuses is an answer; what broke while asking is not.
    if (!(error instanceof ServiceError) || error.status >= 500) throw error
    return denialIdOf(error) === undefined ? '' : explained(error)
  }
}
