import { createPolicyCache } from '../../src/access/policy/policy-cache.ts'
import { authorizeOperation } from '../../src/gateway/authorize-operation.ts'
import { loadService, type ServiceId } from '../../src/model/service-description.ts'
import type { AuthorizationTable } from '../../src/services/authorization.ts'
import type { Authorizer, RequestOrigin } from '../../src/services/authorizer.ts'
import { createAuthorizer } from '../../src/services/iam/authorization/create-authorizer.ts'
import { IdentityPolicies } from '../../src/services/iam/authorization/identity-policies.ts'
import type { ResourceDirectories } from '../../src/services/iam/authorization/resource-directories.ts'
import type { RequestContext } from '../../src/services/operation.ts'
import type { Service } from '../../src/services/registry.ts'
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

/** Asks for what an operation needs, as the gateway does before the handler runs. */
export const authorize = (
  authorizer: Authorizer,
  id: ServiceId,
  authorization: AuthorizationTable,
  operation: string,
  input: unknown,
  context: RequestContext,
): Promise<void> =>
  authorizeOperation(
    authorizer,
    { id, authorization, description: loadService(id) } as Service,
    operation,
    input,
    context,
  )
