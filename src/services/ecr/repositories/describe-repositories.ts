import type { DescribeRepositoriesRequest, DescribeRepositoriesResponse } from '../../../model/generated/ecr.ts'
import { readPage } from '../../../shared/pagination.ts'
import type { RepositoryRow } from '../../../storage/schema/ecr.ts'
import type { RequestContext } from '../../operation.ts'
import type { EcrDeps } from '../ecr-deps.ts'
import { invalidParameter } from '../errors.ts'
import { nextToken, pageStart } from '../page-token.ts'
import { requireRepository, toRepository } from './repository-store.ts'

const PAGE = 100

/** The named repositories, or all of the registry in the order of their names. */
export async function describeRepositories(
  deps: EcrDeps,
  input: DescribeRepositoriesRequest,
  context: RequestContext,
): Promise<DescribeRepositoriesResponse> {
  const { registryId, repositoryNames: names } = input
  if (names !== undefined) {
    if (input.maxResults !== undefined || input.nextToken !== undefined)
      throw invalidParameter('maxResults', 'Member must not be given together with repositoryNames')
    const rows: RepositoryRow[] = []
    for (const repositoryName of new Set(names))
      rows.push(await requireRepository(deps, context, { registryId, repositoryName }))
    return { repositories: rows.map((row) => toRepository(row, context.baseUrl)) }
  }
  const account = registryId ?? context.account
  const scope = `DescribeRepositories/${account}/${context.region}`
  const query = deps.database.query
    .selectFrom('ecr_repositories')
    .selectAll()
    .where('account', '=', account)
    .where('region', '=', context.region)
  const after = pageStart(scope, input.nextToken)
  const page = await readPage(query, ['name'], { size: input.maxResults ?? PAGE, descending: false, after })
  return {
    repositories: page.rows.map((row) => toRepository(row, context.baseUrl)),
    ...nextToken(scope, page.next),
  }
}
