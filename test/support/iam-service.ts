import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import type { Principal } from '../../src/access/principal.ts'
import { rootPrincipal } from '../../src/access/principals.ts'
import type { IamOperations } from '../../src/model/generated/iam.ts'
import type { Authorizer } from '../../src/services/authorizer.ts'
import { createIamResources } from '../../src/services/iam/authorization/iam-resources.ts'
import { createIamAuthorization } from '../../src/services/iam/authorization.ts'
import { bootstrapAccount } from '../../src/services/iam/bootstrap.ts'
import { createIamDirectory, createIamFacade } from '../../src/services/iam/iam-facade.ts'
import { createIamService } from '../../src/services/iam/service.ts'
import type { Operation, OperationTable } from '../../src/services/operation.ts'
import { stsAuthorization } from '../../src/services/sts/authorization.ts'
import { createStsService } from '../../src/services/sts/service.ts'
import { createSealedBox } from '../../src/shared/sealed-box.ts'
import type { ChangeFeed } from '../../src/storage/change-feed.ts'
import { watchCommits } from '../../src/storage/commit-watch.ts'
import type { Database } from '../../src/storage/database.ts'
import { startTableChangeFeed } from '../../src/storage/table-change-feed.ts'
import { silentLogger } from '../../src/telemetry/log.ts'
import { authorize, testAuthorizer } from './authorizer.ts'
import type { TestStore } from './databases.ts'

export const account = '123456789012'
export const now = 1_700_000_000_000
const clock = { now: () => now }

export const identityPolicy = (...actions: string[]) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }] })

export const trustPolicy = (principal: unknown) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' }],
  })

export const SAGEMAKER_TRUST = trustPolicy({ Service: 'sagemaker.amazonaws.com' })

/** An error with this code, this sentence, and this status when one is given. */
export const refusal = (code: string, message: string | RegExp, status?: number) =>
  expect.objectContaining({
    code,
    message: typeof message === 'string' ? message : expect.stringMatching(message),
    ...(status !== undefined && { status }),
  })

const { signal } = new AbortController()
const context = (principal: Principal) => ({ account: principal.account, principal, now, signal }) as never

/** Calls an operation with input that its type would not allow. */
export const run = (table: OperationTable, name: string, input: unknown, principal: Principal): Promise<unknown> =>
  (table[name] as unknown as Operation<unknown>)(input, context(principal))

const iamAuthorizer = (database: Database, changeFeed: ChangeFeed) =>
  testAuthorizer(database, changeFeed, { iam: createIamResources({ database }) })

/** IAM and STS over an empty store with the default account. */
export async function startIam(store: TestStore) {
  const masterKey = createSealedBox(randomBytes(32))
  const database = await store.open()
  const watch = watchCommits(database, silentLogger)
  const changeFeed = await startTableChangeFeed({ db: database, watch, clock, log: silentLogger })
  await bootstrapAccount(database, masterKey, now)
  const deps = { database, masterKey, changeFeed }
  const stops: (() => Promise<void>)[] = []
  const closing = () => Promise.all(stops.map((stop) => stop()))
  const iam = createIamService(deps)
  const authorizer = iamAuthorizer(database, changeFeed)
  const iamAuthorization = createIamAuthorization(deps)
  const authorizeWith = (
    asked: Authorizer,
    id: 'iam' | 'sts',
    operation: string,
    input: object,
    principal: Principal,
  ) => authorize(asked, id, id === 'iam' ? iamAuthorization : stsAuthorization, operation, input, context(principal))
  const stsWith = (asked: Authorizer) =>
    createStsService({ masterKey, iam: createIamDirectory(deps), authorizer: asked })
  return {
    masterKey,
    database,
    changeFeed,
    iam,
    /** Decides by what this worker's services write. */
    authorizer,
    /** Another worker on the same store, with a change feed and caches of its own. */
    async otherWorker() {
      const other = await store.open()
      const otherWatch = watchCommits(other, silentLogger)
      const feed = await startTableChangeFeed({ db: other, watch: otherWatch, clock, log: silentLogger })
      stops.push(async () => {
        await feed.stop()
        otherWatch.stop()
      })
      return { database: other, changeFeed: feed, authorizer: iamAuthorizer(other, feed) }
    },
    sts: stsWith(authorizer),
    /** STS that asks another worker's authorizer. */
    stsWith,
    /** Asks for what an operation needs, as the gateway does. */
    authorize: (id: 'iam' | 'sts', operation: string, input: object, principal: Principal) =>
      authorizeWith(authorizer, id, operation, input, principal),
    authorizeWith,
    facade: createIamFacade({ ...deps, clock }),
    call: <Name extends keyof IamOperations>(
      name: Name,
      input: IamOperations[Name]['input'],
      principal: Principal = rootPrincipal(account),
    ) => run(iam, name, input, principal) as Promise<IamOperations[Name]['output']>,
    async stop() {
      await closing()
      await changeFeed.stop()
      watch.stop()
      await store.remove()
    },
  }
}

export type TestIam = Awaited<ReturnType<typeof startIam>>
