import type { ResourcePolicies } from '../../access/evaluation/access-request.ts'
import type { PolicyCache } from '../../access/policy/policy-cache.ts'
import type { ChangeFeed } from '../../storage/change-feed.ts'
import type { Database } from '../../storage/database.ts'
import { FeedCache } from '../../storage/feed-cache.ts'
import type { ResourceDirectory, ResourceSide } from '../authorizer.ts'
import { type FunctionAddress, functionArn, LATEST, parseFunctionName } from './functions/function-name.ts'
import { FUNCTION_ACCESS } from './functions/function-store.ts'
import { type PolicyStatement, readStatements } from './policies/function-policy.ts'
import { readTags } from './tags/function-tags.ts'

interface DirectoryDeps {
  readonly database: Database
  readonly changeFeed: ChangeFeed
  readonly policies: PolicyCache
}

/** What functions have to say, kept in memory. A function is asked as one, whatever qualifier it is called by. */
export function createLambdaDirectory({ database, changeFeed, policies }: DirectoryDeps): ResourceDirectory {
  const sides = new FeedCache(changeFeed, FUNCTION_ACCESS, async (arn): Promise<ResourceSide | undefined> => {
    const { account, region, name } = addressOf(arn) as FunctionAddress
    const row = await database.query
      .selectFrom('lambda_functions')
      .select('id')
      .where('account', '=', account)
      .where('region', '=', region)
      .where('name', '=', name)
      .executeTakeFirst()
    if (row === undefined) return undefined
    const [statements, tags] = await Promise.all([readStatements(database, row.id), readTags(database, row.id)])
    return {
      account,
      policies: statements.length === 0 ? undefined : attached(arn, statements, policies),
      tags: async () => tags,
    }
  })
  return {
    find(resource) {
      const address = addressOf(resource)
      return address === undefined ? undefined : sides.find(functionArn(address))
    },
  }
}

function addressOf(resource: string): FunctionAddress | undefined {
  const reference = resource.includes(':function:') ? parseFunctionName(resource) : undefined
  const { account, region, name } = reference ?? {}
  return account === undefined || region === undefined || name === undefined ? undefined : { account, region, name }
}

/** A function and its version $LATEST are the same, so who may do something to the one may do it to the other. */
const attached = (arn: string, statements: readonly PolicyStatement[], policies: PolicyCache): ResourcePolicies => {
  const both = statements.map((one) => (one.Resource === arn ? { ...one, Resource: [arn, `${arn}:${LATEST}`] } : one))
  const document = JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: both })
  return { policies: [{ source: { id: arn, type: 'resource' }, policy: policies.compile(document) }], rule: 'ordinary' }
}
