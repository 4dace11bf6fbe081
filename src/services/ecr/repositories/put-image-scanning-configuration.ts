import type {
  PutImageScanningConfigurationRequest,
  PutImageScanningConfigurationResponse,
} from '../../../model/generated/ecr.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import type { EcrDeps } from '../ecr-deps.ts'
import { repositoryNotFound } from '../errors.ts'
import { namesOf, requireRepository } from './repository-store.ts'

/** Stored and shown. Nothing scans here, and asking for a scan is refused by name. */
export async function putImageScanningConfiguration(
  deps: EcrDeps,
  input: PutImageScanningConfigurationRequest,
  context: RequestContext,
): Promise<PutImageScanningConfigurationResponse> {
  const repository = await requireRepository(deps, context, input)
  const scanOnPush = input.imageScanningConfiguration.scanOnPush ?? false
  await deps.database.commit([
    statement(
      deps.database.query
        .updateTable('ecr_repositories')
        .set({ scan_on_push: scanOnPush ? 1 : 0 })
        .where('id', '=', repository.id),
      one(() => repositoryNotFound(repository)),
    ),
  ])
  return { ...namesOf(repository), imageScanningConfiguration: { scanOnPush } }
}
