import type { ImageTagMutability, Repository } from '../../../model/generated/ecr.ts'
import type { Database } from '../../../storage/database.ts'
import type { RepositoryRow } from '../../../storage/schema/ecr.ts'
import type { RequestContext } from '../../operation.ts'
import type { EcrDeps } from '../ecr-deps.ts'
import { repositoryNotFound } from '../errors.ts'
import { type RepositoryName, repositoryArn, repositoryUri } from '../repository-name.ts'

export const findRepository = (
  database: Database,
  { account, region, name }: RepositoryName,
): Promise<RepositoryRow | undefined> =>
  database.query
    .selectFrom('ecr_repositories')
    .selectAll()
    .where('account', '=', account)
    .where('region', '=', region)
    .where('name', '=', name)
    .executeTakeFirst()

/** The members by which every operation names its repository. */
interface NamesRepository {
  readonly registryId?: string
  readonly repositoryName: string
}

/** The repository that an input names. That the caller may do this with it has been asked before. */
export async function requireRepository(
  deps: Pick<EcrDeps, 'database'>,
  context: RequestContext,
  input: NamesRepository,
): Promise<RepositoryRow> {
  const { region } = context
  const named = { account: input.registryId ?? context.account, region, name: input.repositoryName }
  const row = await findRepository(deps.database, named)
  if (row === undefined) throw repositoryNotFound(named)
  return row
}

/** The registry and name that most answers begin with. */
export const namesOf = (row: RepositoryName): { registryId: string; repositoryName: string } => ({
  registryId: row.account,
  repositoryName: row.name,
})

/** `baseUrl` as in the context of the request. */
export function toRepository(row: RepositoryRow, baseUrl: string): Repository {
  return {
    repositoryArn: repositoryArn(row),
    ...namesOf(row),
    repositoryUri: repositoryUri(new URL(baseUrl).host, row),
    createdAt: row.created_at,
    ...toMutability(row),
    imageScanningConfiguration: { scanOnPush: row.scan_on_push === 1 },
    encryptionConfiguration: { encryptionType: 'AES256' },
  }
}

export const toMutability = (row: RepositoryRow) => ({
  imageTagMutability: row.tag_mutability as ImageTagMutability,
  ...(row.mutability_exclusions !== null && {
    imageTagMutabilityExclusionFilters: (JSON.parse(row.mutability_exclusions) as string[]).map((filter) => ({
      filterType: 'WILDCARD' as const,
      filter,
    })),
  }),
})
