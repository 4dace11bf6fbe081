import type { ListImageReferrersRequest, ListImageReferrersResponse } from '../../../model/generated/ecr.ts'
import type { RequestContext } from '../../operation.ts'
import type { EcrDeps } from '../ecr-deps.ts'
import { nextToken, pageStart } from '../page-token.ts'
import { requireRepository } from '../repositories/repository-store.ts'
import { readReferrers, toReferrer } from './referrers.ts'

const PAGE = 20

export async function listImageReferrers(
  deps: EcrDeps,
  input: ListImageReferrersRequest,
  context: RequestContext,
): Promise<ListImageReferrersResponse> {
  const repository = await requireRepository(deps, context, input)
  const { imageDigest } = input.subjectId
  const types = input.filter?.artifactTypes
  const status = input.filter?.artifactStatus ?? 'ACTIVE'
  // Nothing is ever archived here.
  if (status !== 'ACTIVE' && status !== 'ANY') return { referrers: [] }
  const scope = `ListImageReferrers/${repository.id}/${imageDigest}/${JSON.stringify(types ?? [])}`
  const page = await readReferrers(deps.database, repository.id, imageDigest, types, {
    size: input.maxResults ?? PAGE,
    after: pageStart(scope, input.nextToken),
  })
  const referrers = page.rows.map((row) => ({ ...toReferrer(row), artifactStatus: 'ACTIVE' as const }))
  return { referrers, ...nextToken(scope, page.next) }
}
