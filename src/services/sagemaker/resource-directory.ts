import type { ResourcePolicies } from '../../access/evaluation/access-request.ts'
import type { PolicyCache } from '../../access/policy/policy-cache.ts'
import type { ChangeFeed } from '../../storage/change-feed.ts'
import type { Database } from '../../storage/database.ts'
import { FeedCache } from '../../storage/feed-cache.ts'
import type { ResourceDirectory, ResourceSide } from '../authorizer.ts'
import { canonicalPolicy } from './model-package-groups/group-policy-document.ts'
import { findGroupPolicy, GROUP_POLICIES_TOPIC } from './model-package-groups/group-policy-store.ts'
import { parseSagemakerArn, sagemakerArn } from './resource-name.ts'
import { selectTags, TAGS_TOPIC } from './tags/tag-store.ts'

interface DirectoryDeps {
  readonly database: Database
  readonly changeFeed: ChangeFeed
  readonly policies: PolicyCache
}

/** Resources without policies of which it is remembered that they are; then all are forgotten. */
const MAX_REMEMBERED = 1_000

/**
 * What SageMaker's resources have to say: a model package group and its versions the group's policy, all of them their
 * tags. Versions have the tags of their group. An endpoint is answered for without a look at the database.
 */
export function createSagemakerDirectory({ database, changeFeed, policies }: DirectoryDeps): ResourceDirectory {
  const groupPolicies = new FeedCache(changeFeed, GROUP_POLICIES_TOPIC, async (arn) => {
    const group = parseSagemakerArn(arn)
    const document = group === undefined ? undefined : await findGroupPolicy(database, group)
    return document === undefined ? undefined : attached(arn, document, policies)
  })
  const tagsOf = new FeedCache(changeFeed, TAGS_TOPIC, async (arn): Promise<Readonly<Record<string, string>>> => {
    const tagged = parseSagemakerArn(arn)
    if (tagged === undefined) return {}
    const { account, region, type, key } = tagged
    const rows = await selectTags(database, { account, region, resource: `${type}/${key}` }).execute()
    return Object.fromEntries(rows.map((row) => [row.tag_key, row.tag_value]))
  })

  // Their ARNs say all about them but their tags, and endpoints are asked about with every invocation.
  const remembered = new Map<string, ResourceSide>()
  const remember = (resource: string, side: ResourceSide): ResourceSide => {
    if (remembered.size >= MAX_REMEMBERED) remembered.clear()
    remembered.set(resource, side)
    return side
  }

  return {
    find(resource) {
      const known = remembered.get(resource)
      if (known !== undefined) return known
      const parsed = parseSagemakerArn(resource)
      if (parsed === undefined) return undefined
      const { account, type, key } = parsed
      const slash = type === 'model-package' ? key.indexOf('/') : -1
      const group = slash >= 0 ? key.slice(0, slash) : type === 'model-package-group' ? key : undefined
      if (group === undefined)
        return remember(resource, { account, tags: async () => tagsOf.find(sagemakerArn(parsed, type, key)) })
      const arn = sagemakerArn(parsed, 'model-package-group', group)
      const tags = async () => tagsOf.find(arn)
      const found = groupPolicies.find(arn)
      return found instanceof Promise
        ? found.then((own) => ({ account, tags, policies: own }))
        : { account, tags, policies: found }
    },
  }
}

const attached = (arn: string, document: string, policies: PolicyCache): ResourcePolicies => ({
  policies: [{ source: { id: arn, type: 'resource' }, policy: policies.compile(canonicalPolicy(document)) }],
  rule: 'ordinary',
})
