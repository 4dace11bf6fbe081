import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { createPolicyCache } from '../../src/access/policy/policy-cache.ts'
import { createWorkQueue } from '../../src/control/database-work-queue.ts'
import type { FunctionConfiguration, LambdaOperation, LambdaOperations } from '../../src/model/generated/lambda.ts'
import type { ContainerRuntime } from '../../src/runtime/container-runtime.ts'
import type { Authorizer } from '../../src/services/authorizer.ts'
import { bootstrapAccount } from '../../src/services/iam/bootstrap.ts'
import { createIamFacade } from '../../src/services/iam/iam-facade.ts'
import { lambdaAuthorization } from '../../src/services/lambda/authorization.ts'
import { DEFAULT_LAMBDA_LIMITS, type LambdaLimits } from '../../src/services/lambda/deps.ts'
import type { LambdaFacade } from '../../src/services/lambda/facade.ts'
import { createLambdaDirectory } from '../../src/services/lambda/resource-directory.ts'
import { startLambda } from '../../src/services/lambda/start-lambda.ts'
import type { RequestContext } from '../../src/services/operation.ts'
import { createS3Facade } from '../../src/services/s3/s3-facade.ts'
import { createS3Service } from '../../src/services/s3/service.ts'
import { systemClock } from '../../src/shared/clock.ts'
import { requestId } from '../../src/shared/ids.ts'
import { openFileBlobStore } from '../../src/storage/blobs/files/file-blob-store.ts'
import { watchCommits } from '../../src/storage/commit-watch.ts'
import type { Database } from '../../src/storage/database.ts'
import { openMasterKey } from '../../src/storage/master-key.ts'
import { startTableChangeFeed } from '../../src/storage/table-change-feed.ts'
import { type Logger, silentLogger } from '../../src/telemetry/log.ts'
import { authorize, ORIGIN, testAuthorizer } from './authorizer.ts'
import { type TestStore, testStores } from './databases.ts'
import { Identities } from './identities.ts'
import { startKmsOver } from './kms-service.ts'
import { REGION, startLogs, type TestLogs } from './logs-service.ts'
import { ACCOUNT, accountRoot, s3DepsOver } from './s3-service.ts'
import { temporaryDirectory } from './temporary-directory.ts'
import { type ZipFileEntry, zipOf } from './zip.ts'

export const ROLE = `arn:aws:iam::${ACCOUNT}:role/SageMakerExecutionRole`

type Input<Name extends LambdaOperation> = LambdaOperations[Name]['input']
type Output<Name extends LambdaOperation> = LambdaOperations[Name]['output']

/** The Lambda service with everything it stands on: real database, files, processes, logs, S3 and IAM. */
export interface TestLambda {
  readonly database: Database
  readonly logs: TestLogs
  readonly identities: Identities
  readonly authorizer: Authorizer
  readonly facade: LambdaFacade
  /** Where unpacked code and the functions' own folders are. */
  readonly runDirectory: string
  readonly s3: ReturnType<typeof createS3Facade>
  /** Creates a bucket. */
  s3Bucket(name: string): Promise<void>
  call<Name extends LambdaOperation>(
    name: Name,
    input: Input<Name>,
    context?: Partial<RequestContext>,
  ): Promise<Output<Name>>
  /** Creates a function from files: of Python if the first is a `.py`, else of Node.js, with the handler `<file>.handler`. */
  create(
    name: string,
    files: Readonly<Record<string, string>> | readonly ZipFileEntry[],
    more?: Partial<Input<'CreateFunction'>>,
  ): Promise<FunctionConfiguration>
  /** Invokes and parses the answer. */
  invoke(
    name: string,
    event?: unknown,
    more?: Partial<Input<'Invoke'>>,
  ): Promise<{ readonly answer: unknown; readonly error: string | undefined; readonly log: string }>
  /** Everything in the function's log group. */
  logOf(name: string): Promise<readonly string[]>
  stop(): Promise<void>
}

export async function startLambdaService(
  options: {
    readonly limits?: Partial<LambdaLimits>
    readonly store?: TestStore
    readonly log?: Logger
    /** Where CloudWatch Logs says what it could not store. */
    readonly logsLog?: Logger
    readonly runtime?: ContainerRuntime
  } = {},
): Promise<TestLambda> {
  const { log = silentLogger } = options
  const directory = await temporaryDirectory()
  const runs = await temporaryDirectory('slw-run-')
  await chmod(runs.path, 0o711)
  const logs = await startLogs(options.store ?? (await testStores[0]!.create()), undefined, options.logsLog)
  const { database } = logs
  const masterKey = await openMasterKey(directory.path)
  await bootstrapAccount(database, masterKey, Date.now())
  const watch = watchCommits(database, log)
  const changeFeed = await startTableChangeFeed({ db: database, watch, clock: systemClock, log })
  const workQueue = createWorkQueue({ db: database, watch, clock: systemClock, log })
  const objects = await openFileBlobStore(join(directory.path, 'objects'))
  const blobs = await openFileBlobStore(join(directory.path, 'functions'))
  const kms = await startKmsOver(database)
  const s3Deps = s3DepsOver({ database, changeFeed, blobs: objects, clock: systemClock, masterKey, kms: kms.facade })
  const s3 = createS3Facade(s3Deps)
  const functions = createLambdaDirectory({ database, changeFeed, policies: createPolicyCache() })
  const authorizer = testAuthorizer(database, changeFeed, { lambda: functions })
  const lambda = await startLambda({
    database,
    queue: workQueue,
    feed: changeFeed,
    blobs,
    box: masterKey,
    s3,
    iam: createIamFacade({ database, masterKey, clock: systemClock }),
    authorizer,
    logs: logs.facade,
    clock: systemClock,
    log,
    endpointUrl: 'http://127.0.0.1:8770',
    limits: { ...DEFAULT_LAMBDA_LIMITS, ...options.limits },
    runDirectory: runs.path,
    ...(options.runtime !== undefined && { runtime: options.runtime }),
  })
  workQueue.start()

  const contextOf = (overrides: Partial<RequestContext>): RequestContext => ({
    requestId: requestId(),
    principal: accountRoot(ACCOUNT),
    account: ACCOUNT,
    region: REGION,
    now: Date.now(),
    signal: new AbortController().signal,
    baseUrl: 'http://127.0.0.1:8770',
    log,
    origin: ORIGIN,
    ...overrides,
  })
  const service: TestLambda = {
    database,
    logs,
    identities: new Identities(database, changeFeed),
    authorizer,
    facade: lambda.facade,
    runDirectory: runs.path,
    s3,
    s3Bucket: async (Bucket) => {
      const create = createS3Service(s3Deps).CreateBucket as (
        input: unknown,
        context: RequestContext,
      ) => Promise<unknown>
      await create({ Bucket }, contextOf({}))
    },
    call: async (name, input, overrides = {}) => {
      await authorize(authorizer, 'lambda', lambdaAuthorization, name, input, contextOf(overrides))
      const operation = lambda.operations[name] as (input: unknown, context: RequestContext) => Promise<never>
      return operation(input, contextOf(overrides))
    },
    create: (name, files, more = {}) => {
      const entries = Array.isArray(files)
        ? (files as readonly ZipFileEntry[])
        : Object.entries(files).map(([file, content]) => ({ name: file, content: content as string }))
      const first = entries[0]?.name ?? ''
      return service.call('CreateFunction', {
        FunctionName: name,
        Runtime: first.endsWith('.py') ? 'python3.11' : 'nodejs24.x',
        Handler: `${first.replace(/\.\w+$/, '')}.handler`,
        Role: ROLE,
        Code: { ZipFile: zipOf(...entries) },
        ...more,
      })
    },
    invoke: async (name, event = {}, more = {}) => {
      const { Payload, FunctionError, LogResult } = await service.call('Invoke', {
        FunctionName: name,
        Payload: Buffer.from(JSON.stringify(event)),
        ...more,
      })
      const text = Buffer.from(Payload ?? []).toString('utf8')
      return {
        answer: text === '' ? undefined : JSON.parse(text),
        error: FunctionError,
        log: Buffer.from(LogResult ?? '', 'base64').toString('utf8'),
      }
    },
    logOf: async (name) => {
      const { events } = await logs.call(
        'FilterLogEvents',
        { logGroupName: `/aws/lambda/${name}` },
        { now: Date.now() },
      )
      return (events ?? []).map((event) => event.message ?? '')
    },
    stop: async () => {
      await workQueue.stop()
      await lambda.stop()
      watch.stop()
      await kms.end()
      await changeFeed.stop()
      await Promise.all([objects.close(), blobs.close()])
      await logs.stop()
      await directory.remove()
      await runs.remove()
    },
  }
  return service
}
