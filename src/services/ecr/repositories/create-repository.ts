import type { CreateRepositoryRequest, CreateRepositoryResponse } from '../../../model/generated/ecr.ts'
import { randomText } from '../../../shared/ids.ts'
import type { RepositoryRow } from '../../../storage/schema/ecr.ts'
import { one, statement } from '../../../storage/statement.ts'
import { notImplemented } from '../../../wire/service-error.ts'
import type { RequestContext } from '../../operation.ts'
import type { EcrDeps } from '../ecr-deps.ts'
import { repositoryExists } from '../errors.ts'
import { repositoryChanged } from '../resource-directory.ts'
import { withTags } from '../tags/tag-list.ts'
import { toRepository } from './repository-store.ts'
import { mutabilityColumns } from './tag-mutability.ts'

/**
 * Scan settings are stored and shown; nothing scans. AES256, which is what a repository has unless it says otherwise, is
 * the only encryption that is taken.
 */
export async function createRepository(
  deps: EcrDeps,
  input: CreateRepositoryRequest,
  context: RequestContext,
): Promise<CreateRepositoryResponse> {
  const { encryptionType = 'AES256' } = input.encryptionConfiguration ?? {}
  if (encryptionType !== 'AES256' || input.encryptionConfiguration?.kmsKey !== undefined)
    throw notImplemented(`CreateRepository with encryption ${encryptionType} or a key`)
  const named = {
    account: input.registryId ?? context.account,
    region: context.region,
    name: input.repositoryName,
  }
  const row: RepositoryRow = {
    id: randomText(20),
    ...named,
    created_at: context.now,
    ...mutabilityColumns(input.imageTagMutability, input.imageTagMutabilityExclusionFilters),
    scan_on_push: input.imageScanningConfiguration?.scanOnPush ? 1 : 0,
    policy: null,
    resource_tags: withTags('{}', input.tags ?? []),
  }
  await deps.database.commit([
    statement(
      deps.database.query
        .insertInto('ecr_repositories')
        .values(row)
        .onConflict((conflict) => conflict.doNothing()),
      one(() => repositoryExists(named)),
    ),
    repositoryChanged(deps.changeFeed, named),
  ])
  return { repository: toRepository(row, context.baseUrl) }
}
