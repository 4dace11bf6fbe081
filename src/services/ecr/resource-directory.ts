import type { ResourcePolicies } from '../../access/evaluation/access-request.ts'
import type { PolicyCache } from '../../access/policy/policy-cache.ts'
import type { ChangeFeed } from '../../storage/change-feed.ts'
import type { Database, Statement } from '../../storage/database.ts'
import { FeedCache } from '../../storage/feed-cache.ts'
import type { ResourceDirectory, ResourceSide } from '../authorizer.ts'
import { findRepository } from './repositories/repository-store.ts'
import { type RepositoryName, repositoryArn, repositoryOfArn } from './repository-name.ts'

/** What workers cache about repositories: the key is the ARN of one whose policy or tags have changed. */
const TOPIC = 'ecr-repositories'

/** Belongs into every unit that makes, removes, tags a repository or changes its policy. */
export const repositoryChanged = (changeFeed: ChangeFeed, repository: RepositoryName): Statement =>
  changeFeed.announce({ topic: TOPIC, key: repositoryArn(repository) })

interface DirectoryDeps {
  readonly database: Database
  readonly changeFeed: ChangeFeed
  readonly policies: PolicyCache
}

/** What repositories have to say, kept in memory: one push asks for every layer anew. */
export function createEcrDirectory({ database, changeFeed, policies }: DirectoryDeps): ResourceDirectory {
  const sides = new FeedCache(changeFeed, TOPIC, async (arn): Promise<ResourceSide | undefined> => {
    const row = await findRepository(database, repositoryOfArn(arn) as RepositoryName)
    if (row === undefined) return undefined
    const tags = JSON.parse(row.resource_tags) as Readonly<Record<string, string>>
    return {
      account: row.account,
      policies: row.policy === null ? undefined : attached(arn, row.policy, policies),
      tags: async () => tags,
    }
  })
  return {
    // What names no repository, such as all of a registry, belongs to the account in its ARN.
    find: (resource) => (repositoryOfArn(resource) === undefined ? undefined : sides.find(resource)),
  }
}

const attached = (arn: string, document: string, policies: PolicyCache): ResourcePolicies => ({
  policies: [{ source: { id: arn, type: 'resource' }, policy: policies.compile(document) }],
  rule: 'ordinary',
})
