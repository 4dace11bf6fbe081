import { randomUUID } from 'node:crypto'
import { createPolicyCache } from '../../src/access/policy/policy-cache.ts'
import type { Principal } from '../../src/access/principal.ts'
import { createWorkQueue } from '../../src/control/database-work-queue.ts'
import { authorizeOperation } from '../../src/gateway/authorize-operation.ts'
import type { SagemakerOperation, SagemakerOperations } from '../../src/model/generated/sagemaker.ts'
import type { IamFacade } from '../../src/services/iam/facade.ts'
import { identityExists } from '../../src/services/iam/identity-exists.ts'
import type { RequestContext } from '../../src/services/operation.ts'
import { createServices } from '../../src/services/registry.ts'
import type { S3Facade, S3ObjectHead } from '../../src/services/s3/facade.ts'
import { sagemakerAuthorization } from '../../src/services/sagemaker/authorization.ts'
import { createSagemakerDirectory } from '../../src/services/sagemaker/resource-directory.ts'
import type { SagemakerDeps } from '../../src/services/sagemaker/sagemaker-deps.ts'
import { createSagemakerService } from '../../src/services/sagemaker/service.ts'
import { watchCommits } from '../../src/storage/commit-watch.ts'
import type { Database } from '../../src/storage/database.ts'
import { startTableChangeFeed } from '../../src/storage/table-change-feed.ts'
import { silentLogger } from '../../src/telemetry/log.ts'
import { ServiceError } from '../../src/wire/service-error.ts'
import { ORIGIN, testAuthorizer } from './authorizer.ts'
import { type TestStore, testStores } from './databases.ts'

export const ACCOUNT = '123456789012'
export const REGION = 'us-east-1'
export const ROLE = `arn:aws:iam::${ACCOUNT}:role/SageMakerExecutionRole`
export const ECR_IMAGE = `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/iris:1`

type Input<Name extends SagemakerOperation> = SagemakerOperations[Name]['input']
type Output<Name extends SagemakerOperation> = SagemakerOperations[Name]['output']

/** The sagemaker service over a real database, in an account that knows one role and the objects put into `objects`. */
export interface TestSagemaker {
  readonly deps: SagemakerDeps
  readonly database: Database
  /** `bucket/key` of every object, with its ETag. */
  readonly objects: Map<string, string>
  /** The clock: every call moves it by one millisecond. */
  now: number
  call<Name extends SagemakerOperation>(
    name: Name,
    input: Input<Name>,
    context?: Partial<RequestContext>,
  ): Promise<Output<Name>>
  /** Waits until what has been announced so far has been heard. */
  heard(): Promise<void>
  stop(): Promise<void>
}

export const root = (account: string): Principal => ({
  kind: 'root',
  account,
  arn: `arn:aws:iam::${account}:root`,
  userId: account,
})

const iam: IamFacade = {
  assumeRoleForService: async (roleArn) =>
    roleArn === ROLE ? { ...root(ACCOUNT), kind: 'role', roleArn, arn: `${roleArn}/SageMaker` } : undefined,
  issueCredentials: () => Promise.reject(new Error('not used here')),
  identityExists: () => Promise.reject(new Error('not used here')),
  presentPrincipal: () => Promise.reject(new Error('not used here')),
}

function s3Over(objects: ReadonlyMap<string, string>): S3Facade {
  const head = (bucket: string, key: string): S3ObjectHead => {
    const etag = objects.get(`${bucket}/${key}`)
    if (etag === undefined) throw new ServiceError('NoSuchKey', 'The specified key does not exist.', { status: 404 })
    return { bucket, key, etag, size: 1, contentType: 'application/octet-stream', lastModified: 0 }
  }
  return {
    headObject: async (_, bucket, key) => head(bucket, key),
    listObjects: async function* (_, bucket, prefix) {
      for (const path of objects.keys()) {
        if (path.startsWith(`${bucket}/${prefix}`)) yield head(bucket, path.slice(bucket.length + 1))
      }
    },
    getObject: () => Promise.reject(new Error('not used here')),
    readSmallObjects: () => Promise.reject(new Error('not used here')),
    putObject: () => Promise.reject(new Error('not used here')),
    prepareObject: () => Promise.reject(new Error('not used here')),
    unitOf: () => [],
    checkAccess: async () => {},
  }
}

const SAGEMAKER = createServices({
  sagemaker: { operations: {}, authorization: sagemakerAuthorization },
} as never).sagemaker

export async function startSagemaker(store: TestStore): Promise<TestSagemaker> {
  const database = await store.open()
  const clock = { now: () => Date.now() }
  const watch = watchCommits(database, silentLogger)
  const changeFeed = await startTableChangeFeed({ db: database, watch, clock, log: silentLogger })
  const workQueue = createWorkQueue({ db: database, watch, clock, log: silentLogger })
  const objects = new Map([['models/iris.tar.gz', 'e1']])
  const directory = createSagemakerDirectory({ database, changeFeed, policies: createPolicyCache() })
  const authorizer = testAuthorizer(database, changeFeed, { sagemaker: directory })
  const deps: SagemakerDeps = {
    database,
    changeFeed,
    workQueue,
    authorizer,
    iam: { ...iam, identityExists: (arn) => identityExists({ database }, arn) },
    s3: s3Over(objects),
    sns: { openTopic: () => Promise.reject(new Error('not used here')) },
    ecr: { locate: () => undefined, hasRepository: async () => false, labels: async () => [] },
    registryHosts: new Set(['registry.team.example:5000']),
    endpointInstanceQuota: 20,
    engineProblem: () => undefined,
  }
  const table = createSagemakerService(deps)
  const service: TestSagemaker = {
    deps,
    database,
    objects,
    now: 1_700_000_000_000,
    call: async (name, input, overrides = {}) => {
      const account = overrides.principal?.account ?? ACCOUNT
      const context: RequestContext = {
        requestId: 'r',
        principal: root(account),
        account,
        region: REGION,
        now: service.now++,
        signal: new AbortController().signal,
        baseUrl: 'http://127.0.0.1',
        log: silentLogger,
        origin: ORIGIN,
        ...overrides,
      }
      const operation = table[name] as (input: unknown, context: RequestContext) => Promise<never>
      await authorizeOperation(authorizer, SAGEMAKER, name, input, context)
      return operation(input, context)
    },
    heard: () =>
      new Promise((resolve, reject) => {
        const key = randomUUID()
        const unsubscribe = changeFeed.subscribe('test', (heard) => {
          if (heard !== key) return
          unsubscribe()
          resolve()
        })
        database.commit([changeFeed.announce({ topic: 'test', key })]).catch(reject)
      }),
    stop: async () => {
      watch.stop()
      await workQueue.stop()
    },
  }
  return service
}

/** Code and message of the ServiceError that a call is refused with. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call
  } catch (error) {
    if (error instanceof ServiceError) return `${error.code}: ${error.message}`
    throw error
  }
  throw new Error('the call was not refused')
}

export { testStores }
