import { ServiceError, validationException } from '../../../wire/service-error.ts'
import { requirePull } from '../hosting/image-access.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { BIND_TO_PORT, bindToPortMissing } from './errors.ts'
import type { ResolvedContainer } from './resolved-container.ts'

/**
 * Of several containers each must listen where it is told, and its image must say so. Images of this server's own registry
 * are looked at here, as the execution role; what lies elsewhere is looked at when it has been pulled.
 * @throws ServiceError `ValidationException` in the service's words
 */
export async function checkBindToPort(
  deps: Pick<SagemakerDeps, 'ecr' | 'iam' | 'authorizer'>,
  roleArn: string | undefined,
  containers: readonly ResolvedContainer[],
): Promise<void> {
  if (containers.length < 2 || roleArn === undefined) return
  const role = await deps.iam.assumeRoleForService(roleArn, 'sagemaker.amazonaws.com', 'SageMaker')
  if (role === undefined) return
  for (const { image, repositoryAccessMode } of containers) {
    const own = repositoryAccessMode === 'Platform' ? deps.ecr.locate(image) : undefined
    if (own === undefined) continue
    try {
      await requirePull(deps.authorizer, role, own.repository)
    } catch (error) {
      // Nobody learns from a model what he may not pull; the endpoint will say what is missing.
      if (error instanceof ServiceError && error.status < 500) continue
      throw error
    }
    const labels = await deps.ecr.labels(own)
    if (labels.length > 0 && labels.every((one) => one[BIND_TO_PORT] !== 'true'))
      throw validationException(bindToPortMissing(image))
  }
}
