import type {
  BatchCheckLayerAvailabilityRequest,
  BatchCheckLayerAvailabilityResponse,
  GetDownloadUrlForLayerRequest,
  GetDownloadUrlForLayerResponse,
  Layer,
  LayerFailure,
} from '../../../model/generated/ecr.ts'
import type { RequestContext } from '../../operation.ts'
import { LINK_MILLISECONDS, LINK_PARAMETER, sealLink } from '../authorization/download-link.ts'
import type { EcrDeps } from '../ecr-deps.ts'
import { layerNotFound } from '../errors.ts'
import { requireRepository } from '../repositories/repository-store.ts'
import { repositoryPath } from '../repository-name.ts'
import { isDigest } from './digest-text.ts'
import { findLayer, findLayerToKeep } from './layer-store.ts'

export async function batchCheckLayerAvailability(
  deps: EcrDeps,
  input: BatchCheckLayerAvailabilityRequest,
  context: RequestContext,
): Promise<BatchCheckLayerAvailabilityResponse> {
  const repository = await requireRepository(deps, context, input)
  const layers: Layer[] = []
  const failures: LayerFailure[] = []
  for (const layerDigest of new Set(input.layerDigests)) {
    if (!isDigest(layerDigest)) {
      const failureReason = "Invalid request parameters: layer digest should satisfy the regex 'sha256:[0-9a-f]{64}'"
      failures.push({ layerDigest, failureCode: 'InvalidLayerDigest', failureReason })
      continue
    }
    const held = await findLayerToKeep(deps, repository.id, layerDigest)
    layers.push(
      held === undefined
        ? { layerDigest, layerAvailability: 'UNAVAILABLE' }
        : { layerDigest, layerAvailability: 'AVAILABLE', layerSize: held.size },
    )
  }
  return { layers, failures }
}

/** A link into this server's registry that needs no login, for an hour. */
export async function getDownloadUrlForLayer(
  deps: EcrDeps,
  input: GetDownloadUrlForLayerRequest,
  context: RequestContext,
): Promise<GetDownloadUrlForLayerResponse> {
  const repository = await requireRepository(deps, context, input)
  const { layerDigest } = input
  if ((await findLayer(deps.database, repository.id, layerDigest)) === undefined)
    throw layerNotFound(repository, layerDigest)
  const seal = sealLink(deps.box, repository, layerDigest, context.now + LINK_MILLISECONDS)
  const path = `/v2/${repositoryPath(repository)}/blobs/${layerDigest}`
  return { downloadUrl: `${context.baseUrl}${path}?${LINK_PARAMETER}=${seal}`, layerDigest }
}
