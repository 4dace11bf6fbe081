import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { createPolicyCache } from '../../src/access/policy/policy-cache.ts'
import type { Principal } from '../../src/access/principal.ts'
import type { S3Operation, S3Operations } from '../../src/model/generated/s3.ts'
import { identityExists } from '../../src/services/iam/identity-exists.ts'
import type { RequestContext } from '../../src/services/operation.ts'
import { createBucketCatalog } from '../../src/services/s3/access/bucket-catalog.ts'
import { createS3Directory } from '../../src/services/s3/access/s3-directory.ts'
import { s3Authorization } from '../../src/services/s3/authorization.ts'
import { createS3Deps, type S3Deps } from '../../src/services/s3/s3-deps.ts'
import { createS3Service } from '../../src/services/s3/service.ts'
import { createSealedBox } from '../../src/shared/sealed-box.ts'
import { openFileBlobStore } from '../../src/storage/blobs/files/file-blob-store.ts'
import type { ChangeFeed } from '../../src/storage/change-feed.ts'
import { watchCommits } from '../../src/storage/commit-watch.ts'
import type { Database } from '../../src/storage/database.ts'
import { startTableChangeFeed } from '../../src/storage/table-change-feed.ts'
import { silentLogger } from '../../src/telemetry/log.ts'
import { ServiceError } from '../../src/wire/service-error.ts'
import { authorize, ORIGIN, testAuthorizer } from './authorizer.ts'
import type { TestStore } from './databases.ts'
import { type KmsOver, startKmsOver } from './kms-service.ts'
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.ts'

export const ACCOUNT = '123456789012'
export const OTHER_ACCOUNT = '210987654321'

type Input<Name extends S3Operation> = S3Operations[Name]['input']
type Output<Name extends S3Operation> = S3Operations[Name]['output']

/** The S3 service over a real database and real files. */
export interface TestS3 {
  readonly deps: S3Deps
  /** Its keys are of the same database. */
  readonly kms: KmsOver
  readonly database: Database
  readonly changeFeed: ChangeFeed
  readonly folder: string
  /** Epoch milliseconds; stands still until a test moves it. */
  now: number
  /** What a call is made with. */
  context(overrides?: Partial<RequestContext>): RequestContext
  call<Name extends S3Operation>(
    name: Name,
    input: Input<Name>,
    context?: Partial<RequestContext>,
  ): Promise<Output<Name>>
  /** Puts a small object. */
  put(bucket: string, key: string, body?: string, more?: Partial<Input<'PutObject'>>): Promise<Output<'PutObject'>>
  /** Gets an object's bytes as text. */
  text(bucket: string, key: string, more?: Partial<Input<'GetObject'>>): Promise<string>
  stop(): Promise<void>
}

export const accountRoot = (account: string): Principal => ({
  kind: 'root',
  account,
  arn: `arn:aws:iam::${account}:root`,
  userId: account,
})

/** What S3 works with, its requests decided by the real authorizer. */
export function s3DepsOver(
  parts: Omit<Parameters<typeof createS3Deps>[0], 'buckets' | 'authorizer' | 'identities'> & { changeFeed: ChangeFeed },
): S3Deps {
  const { database, changeFeed, ...others } = parts
  const buckets = createBucketCatalog({ database, changeFeed, policies: createPolicyCache() })
  const authorizer = testAuthorizer(database, changeFeed, { s3: createS3Directory({ database, buckets }) })
  const identities = { identityExists: (arn: string) => identityExists({ database }, arn) }
  return createS3Deps({ ...others, database, buckets, authorizer, identities })
}

export async function startS3(store: TestStore): Promise<TestS3> {
  const directory: TemporaryDirectory = await temporaryDirectory()
  const database = await store.open()
  const blobs = await openFileBlobStore(join(directory.path, 'blobs'))
  const clock = { now: () => service.now }
  const kms = await startKmsOver(database)
  const masterKey = createSealedBox(randomBytes(32))
  const watch = watchCommits(database, silentLogger)
  const changeFeed = await startTableChangeFeed({ db: database, watch, clock, log: silentLogger })
  const deps = s3DepsOver({ database, changeFeed, blobs, clock, masterKey, kms: kms.facade })
  const table = createS3Service(deps)
  const service: TestS3 = {
    deps,
    kms,
    database,
    changeFeed,
    folder: join(directory.path, 'blobs'),
    now: 1_700_000_000_000,
    context: (overrides = {}) => {
      const account = overrides.principal?.account ?? ACCOUNT
      return {
        requestId: 'r',
        principal: accountRoot(account),
        account,
        region: 'us-east-1',
        now: service.now,
        signal: new AbortController().signal,
        baseUrl: 'http://127.0.0.1:8770',
        log: silentLogger,
        origin: ORIGIN,
        ...overrides,
      }
    },
    call: async (name, input, overrides) => {
      const context = service.context(overrides)
      await authorize(deps.authorizer, 's3', s3Authorization, name, input, context)
      return (table[name] as (input: unknown, context: RequestContext) => Promise<never>)(input, context)
    },
    put: (Bucket, Key, body = '', more = {}) =>
      service.call('PutObject', { Bucket, Key, Body: Readable.from(body === '' ? [] : [Buffer.from(body)]), ...more }),
    text: async (Bucket, Key, more = {}) => {
      const { Body } = await service.call('GetObject', { Bucket, Key, ...more })
      return Body instanceof Readable ? (await buffer(Body)).toString() : Buffer.from(Body ?? []).toString()
    },
    stop: async () => {
      await changeFeed.stop()
      watch.stop()
      await blobs.close()
      await kms.end()
      await store.remove()
      await directory.remove()
    },
  }
  return service
}

/** The ServiceError that a call is refused with. */
export async function refused(call: Promise<unknown>): Promise<ServiceError> {
  const outcome = await call.catch((error: unknown) => error)
  if (outcome instanceof ServiceError) return outcome
  throw outcome instanceof Error ? outcome : new Error('the call was not refused')
}
