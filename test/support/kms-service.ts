import { randomBytes } from 'node:crypto'
import { createPolicyCache } from '../../src/access/policy/policy-cache.ts'
import type { Principal } from '../../src/access/principal.ts'
import { rootPrincipal } from '../../src/access/principals.ts'
import { createWorkQueue } from '../../src/control/database-work-queue.ts'
import type { KmsOperation, KmsOperations } from '../../src/model/generated/kms.ts'
import { kmsAuthorization } from '../../src/services/kms/authorization.ts'
import type { KmsFacade } from '../../src/services/kms/facade.ts'
import { createKmsDeps, type KmsDeps } from '../../src/services/kms/kms-deps.ts'
import { createKmsFacade } from '../../src/services/kms/kms-facade.ts'
import { createKmsService } from '../../src/services/kms/service.ts'
import { startKms as startWork } from '../../src/services/kms/start-kms.ts'
import type { RequestContext } from '../../src/services/operation.ts'
import { createSealedBox } from '../../src/shared/sealed-box.ts'
import { watchCommits } from '../../src/storage/commit-watch.ts'
import type { Database } from '../../src/storage/database.ts'
import { startTableChangeFeed } from '../../src/storage/table-change-feed.ts'
import { silentLogger } from '../../src/telemetry/log.ts'
import { authorize, ORIGIN, testAuthorizer } from './authorizer.ts'
import type { TestStore } from './databases.ts'
import { allow, Identities } from './identities.ts'

export const OWNER = '111111111111'
export const STRANGER = '222222222222'
export const REGION = 'us-east-1'

export const ownerRoot = rootPrincipal(OWNER)
export const strangerRoot = rootPrincipal(STRANGER)

type Input<Name extends KmsOperation> = KmsOperations[Name]['input']
type Output<Name extends KmsOperation> = KmsOperations[Name]['output']

/** KMS over a real database and work queue. */
export interface TestKms {
  readonly deps: KmsDeps
  readonly facade: KmsFacade
  readonly identities: Identities
  /** A session of the role `deploy` of another account, whose own policy lets it do everything. */
  readonly strangerRole: Principal
  /** Epoch milliseconds; stands still until a test moves it. */
  now: number
  call<Name extends KmsOperation>(
    name: Name,
    input: Input<Name>,
    principal?: Principal,
    region?: string,
  ): Promise<Output<Name>>
  /** Creates a key and returns its ARN. */
  createKey(input?: Input<'CreateKey'>): Promise<string>
  stop(): Promise<void>
}

export async function startKms(store: TestStore): Promise<TestKms> {
  const kms = await startKmsOver(await store.open())
  return Object.assign(kms, {
    stop: async () => {
      await kms.end()
      await store.remove()
    },
  })
}

/** KMS in a database that somebody else closes. */
export type KmsOver = Omit<TestKms, 'stop'> & { end(): Promise<void> }

export async function startKmsOver(database: Database): Promise<KmsOver> {
  const time = { now: 1_700_000_000_000 }
  const clock = { now: () => time.now }
  const watch = watchCommits(database, silentLogger)
  const queue = createWorkQueue({ db: database, watch, clock, log: silentLogger })
  const feed = await startTableChangeFeed({ db: database, watch, clock, log: silentLogger })
  const identities = new Identities(database, feed)
  const authorizer = testAuthorizer(database, feed)
  const deps = createKmsDeps({
    database,
    queue,
    clock,
    masterKey: createSealedBox(randomBytes(32)),
    authorizer,
    policies: createPolicyCache(),
  })
  const table = createKmsService(deps)
  startWork(deps)
  const service: KmsOver = {
    deps,
    facade: createKmsFacade(deps),
    identities,
    strangerRole: await identities.role(STRANGER, 'deploy', allow()),
    get now() {
      return time.now
    },
    set now(now) {
      time.now = now
    },
    call: async (name, input, principal = ownerRoot, region = REGION) => {
      const context: RequestContext = {
        requestId: 'r',
        principal,
        account: principal.account,
        region,
        now: time.now,
        signal: new AbortController().signal,
        baseUrl: 'http://127.0.0.1:8770',
        log: silentLogger,
        origin: ORIGIN,
      }
      await authorize(authorizer, 'kms', kmsAuthorization, name, input, context)
      return (table[name] as (input: unknown, context: RequestContext) => Promise<never>)(input, context)
    },
    createKey: async (input = {}) => (await service.call('CreateKey', input)).KeyMetadata?.Arn as string,
    end: async () => {
      await queue.stop()
      await feed.stop()
      watch.stop()
    },
  }
  return service
}
