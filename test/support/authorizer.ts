import { createPolicyCache } from '../../src/access/policy/policy-cache.ts'
import type { Authorizer, RequestOrigin } from '../../src/services/authorizer.ts'
import { createAuthorizer } from '../../src/services/iam/authorization/create-authorizer.ts'
import { IdentityPolicies } from '../../src/services/iam/authorization/identity-policies.ts'
import type { ResourceDirectories } from '../../src/services/iam/authorization/resource-directories.ts'
import { systemClock } from '../../src/shared/clock.ts'
import type { ChangeFeed } from '../../src/storage/change-feed.ts'
import type { Database } from '../../src/storage/database.ts'

/** Where the requests of service tests come from. */
export const ORIGIN: RequestOrigin = { requestId: 'request-1', now: 1_800_000_000_000, region: 'us-east-1' }

/** The real one, over a test's database. `directories`: the services whose resources have policies in the test. */
export const testAuthorizer = (
  database: Database,
  changeFeed: ChangeFeed,
  directories: ResourceDirectories = {},
): Authorizer =>
  createAuthorizer({
    identities: new IdentityPolicies({ database, changeFeed, policies: createPolicyCache() }),
    directories,
    denials: { record: async () => {}, encode: () => undefined },
    clock: systemClock,
  })
