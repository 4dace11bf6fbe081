import { createWorkQueue } from '../../src/control/database-work-queue.ts'
import type { ContainerRuntime } from '../../src/runtime/container-runtime.ts'
import type { AlarmStates } from '../../src/services/sagemaker/hosting/alarm-states.ts'
import { createEndpointController } from '../../src/services/sagemaker/hosting/endpoint-controller.ts'
import { ENDPOINT_WORK, INSTANCE_WORK } from '../../src/services/sagemaker/hosting/endpoint-state.ts'
import { InstanceBells } from '../../src/services/sagemaker/hosting/instance-bells.ts'
import { createInstanceController } from '../../src/services/sagemaker/hosting/instance-controller.ts'
import { SharedPreparation } from '../../src/services/sagemaker/hosting/shared-preparation.ts'
import { systemClock } from '../../src/shared/clock.ts'
import { watchCommits } from '../../src/storage/commit-watch.ts'
import type { Database } from '../../src/storage/database.ts'
import { startTableChangeFeed } from '../../src/storage/table-change-feed.ts'
import { silentLogger } from '../../src/telemetry/log.ts'
import { testAuthorizer } from './authorizer.ts'
import type { TestStore } from './databases.ts'
import { ROLE, root } from './sagemaker-service.ts'
import type { ScriptedEngine } from './scripted-engine.ts'

/** When a worker is killed: at the which of its calls of that name, and whether that one still happens. */
export interface Killing {
  /** A method of the runtime, or `commit`. */
  readonly call: string
  readonly nth: number
  readonly happens: boolean
}

/** A worker's hosting, over a real database and a scripted engine. */
export interface ScriptedWorker {
  readonly bells: InstanceBells
  /** Resolves when the worker has been killed: from then on, nothing of what it does happens. */
  readonly killed: Promise<void>
  stop(): Promise<void>
}

export interface ScriptedWorkerOptions {
  readonly killing?: Killing
  /** Milliseconds for which a dead worker's items stay leased. */
  readonly lease?: number
  readonly alarms?: AlarmStates
  /** Around the runtime, for a call that hangs or fails. */
  readonly runtime?: (runtime: ContainerRuntime) => ContainerRuntime
}

const NO_ALARMS: AlarmStates = { inAlarm: async () => [] }
const never = new Promise<never>(() => {})

export async function startScriptedWorker(
  store: TestStore,
  engine: ScriptedEngine,
  { killing, lease = 300, alarms = NO_ALARMS, runtime: change = (runtime) => runtime }: ScriptedWorkerOptions = {},
): Promise<ScriptedWorker> {
  let calls = 0
  let dead = false
  let die = () => {}
  const killed = new Promise<void>((resolve) => {
    die = () => {
      dead = true
      resolve()
    }
  })
  const effect = async <T>(name: string, call: () => Promise<T>): Promise<T> => {
    if (dead) return never
    if (name !== killing?.call || ++calls !== killing.nth) return call()
    die()
    if (killing.happens) await call()
    return never
  }
  const opened = await store.open()
  const database: Database = {
    ...opened,
    dialect: opened.dialect,
    query: opened.query,
    commit: (unit) => effect('commit', () => opened.commit(unit)),
    onCommit: (listener) => opened.onCommit(listener),
    commitMark: () => (dead ? never : opened.commitMark()),
    close: () => opened.close(),
  }
  const clock = systemClock
  const log = silentLogger
  const watch = watchCommits(database, log)
  const changeFeed = await startTableChangeFeed({ db: opened, watch, clock, log })
  const workQueue = createWorkQueue({ db: database, watch, clock, log, leaseMilliseconds: lease })
  const bells = new InstanceBells()
  const common = { database, changeFeed, workQueue, clock, log }
  workQueue.handle(ENDPOINT_WORK, createEndpointController({ ...common, hosted: true, alarms }), {
    concurrency: 10,
  })
  const instances = createInstanceController({
    ...{ ...common, bells },
    runtime: change(engine.runtime(effect)),
    registries: {
      resolveImage: async () => ({
        reference: `registry.example/model@sha256:${'1'.repeat(64)}`,
        digest: `sha256:${'1'.repeat(64)}`,
        mediaType: '',
        platform: { os: 'linux', architecture: 'amd64' },
        labels: {},
        size: 1,
      }),
      close: async () => {},
    },
    iam: {
      assumeRoleForService: async (arn) =>
        arn === ROLE ? { ...root('123456789012'), kind: 'role', roleArn: arn, arn } : undefined,
      issueCredentials: () => Promise.reject(new Error('not used here')),
      identityExists: () => Promise.reject(new Error('not used here')),
      presentPrincipal: () => Promise.reject(new Error('not used here')),
    },
    lambda: {
      invoke: () => Promise.reject(new Error('not used here')),
      openFunction: () => Promise.reject(new Error('not used here')),
    },
    ecr: {
      locate: () => undefined,
      hasRepository: async () => false,
      labels: async () => [],
      login: () => ({ username: 'not', password: 'used' }),
    },
    authorizer: testAuthorizer(database, changeFeed),
    logs: { append: async () => {} },
    cloudwatch: { record: () => {} },
    sampleSeconds: 60,
    modelDirectory: '/',
    models: { fetch: async () => '/nowhere' },
    preparations: new SharedPreparation(),
    platformRegistries: {},
    architecture: 'amd64',
    startupSeconds: 10,
    requestSeconds: 10,
    routesMilliseconds: 50,
    policy: {
      installation: 'test',
      addedCapabilities: [],
      pids: 100,
      machine: { cpus: 2, memoryBytes: 2 ** 33 },
    },
  })
  workQueue.handle(INSTANCE_WORK, instances, { concurrency: 100 })
  workQueue.start()
  return {
    bells,
    killed,
    stop: async () => {
      watch.stop()
      // A dead worker's calls never return, so there is nothing to wait for.
      if (dead) void workQueue.stop()
      else await workQueue.stop()
      await changeFeed.stop()
      // With its thread: hundreds of workers take turns in one test.
      await opened.close()
    },
  }
}
