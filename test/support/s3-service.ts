import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { Principal } from '../../src/access/principal.ts'
import type { S3Operation, S3Operations } from '../../src/model/generated/s3.ts'
import type { RequestContext } from '../../src/services/operation.ts'
import { createS3Deps, type S3Deps } from '../../src/services/s3/s3-deps.ts'
import { createS3Service } from '../../src/services/s3/service.ts'
import { createSealedBox } from '../../src/shared/sealed-box.ts'
import { openFileBlobStore } from '../../src/storage/blobs/files/file-blob-store.ts'
import type { Database } from '../../src/storage/database.ts'
import { silentLogger } from '../../src/telemetry/log.ts'
import { ServiceError } from '../../src/wire/service-error.ts'
import { ORIGIN } from './authorizer.ts'
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

export async function startS3(store: TestStore): Promise<TestS3> {
  const directory: TemporaryDirectory = await temporaryDirectory()
  const database = await store.open()
  const blobs = await openFileBlobStore(join(directory.path, 'blobs'))
  const clock = { now: () => service.now }
  const kms = await startKmsOver(database)
  const masterKey = createSealedBox(randomBytes(32))
  const deps = createS3Deps({ database, blobs, clock, masterKey, kms: kms.facade })
  const table = createS3Service(deps)
  const service: TestS3 = {
    deps,
    kms,
    database,
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
    call: (name, input, overrides) =>
      (table[name] as (input: unknown, context: RequestContext) => Promise<never>)(input, service.context(overrides)),
    put: (Bucket, Key, body = '', more = {}) =>
      service.call('PutObject', { Bucket, Key, Body: Readable.from(body === '' ? [] : [Buffer.from(body)]), ...more }),
    text: async (Bucket, Key, more = {}) => {
      const { Body } = await service.call('GetObject', { Bucket, Key, ...more })
      return Body instanceof Readable ? (await buffer(Body)).toString() : Buffer.from(Body ?? []).toString()
    },
    stop: async () => {
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
