import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { pushImage } from '../../scripts/images/push-image.ts'
import type { EngineKind, LocalEngine } from '../../scripts/machine/engine.ts'
import { isAlive } from '../../scripts/machine/lock.ts'
import type { ContainerState } from '../../src/runtime/container-runtime.ts'
import { connectDocker, type DockerRuntime } from '../../src/runtime/docker/connect-docker.ts'
import { installationId } from '../../src/storage/installation-id.ts'
import { silentLogger } from '../../src/telemetry/log.ts'
import { type Api, ApiError, apiOf } from './api.ts'
import { eventually } from './eventually.ts'
import { type Registry, startRegistry } from './registry.ts'
import { sharedEngine } from './shared-engine.ts'
import { type Slipway, type SlipwayOptions, startSlipway } from './slipway.ts'
import { temporaryDirectory } from './temporary-directory.ts'
import { buildTestImages, type TestImages } from './test-image.ts'

export const ROLE = 'arn:aws:iam::123456789012:role/SageMakerExecutionRole'
const VPC = { SecurityGroupIds: ['sg-0123456789abcdef0'], Subnets: ['subnet-0123456789abcdef0'] }

export interface VariantOptions {
  readonly name?: string
  readonly instances?: number
  readonly weight?: number
  /** Members of the model's container beside Image and ImageConfig. */
  readonly container?: Readonly<Record<string, unknown>>
  /** Several containers in place of one: what each has beside Image and ImageConfig. */
  readonly containers?: readonly Readonly<Record<string, unknown>>[]
  /** Whether requests go through several containers or to one of them. */
  readonly mode?: 'Serial' | 'Direct'
  readonly image?: string
  readonly credentialsFunction?: string
  /** Default SageMakerExecutionRole; empty for none. */
  readonly role?: string
  /** Done after the models have been created and before the endpoint is. */
  readonly beforeEndpoint?: () => Promise<void>
}

/** A server with an engine, a registry without login, and the test image in it. */
export interface HostingFixture {
  /** The server that runs now. */
  readonly slipway: Slipway
  readonly api: Api
  readonly registry: Registry
  readonly images: TestImages
  readonly runtime: DockerRuntime
  /** `host/team/model:1` */
  readonly image: string
  /** Creates models, config and endpoint, all of that name; returns when CreateEndpoint has answered. */
  create(name: string, ...variants: readonly VariantOptions[]): Promise<void>
  /** The same, and waits for InService. */
  deploy(name: string, ...variants: readonly VariantOptions[]): Promise<Description>
  describe(name: string): Promise<Description>
  /** Waits until the endpoint has left Creating. */
  settled(name: string, timeout?: number): Promise<Description>
  /** Creates models and a config of that name, and has the endpoint updated to it. `input` is what else UpdateEndpoint is told. */
  update(
    endpoint: string,
    config: string,
    input: Readonly<Record<string, unknown>>,
    ...variants: readonly VariantOptions[]
  ): Promise<void>
  /** Waits until the endpoint is neither Creating nor changing. */
  atRest(name: string, timeout?: number): Promise<Description>
  /** Deletes the endpoint and waits until it is gone. */
  remove(name: string): Promise<void>
  /** The endpoint's containers, oldest first. */
  containers(name: string): Promise<readonly ContainerState[]>
  /** What its containers have printed, by way of CloudWatch Logs. */
  printed(name: string): Promise<readonly string[]>
  /** SIGKILL to a container. */
  kill(container: string): Promise<void>
  /** Ends the server in the way given, unless it has ended, and starts it again on the same data. */
  restart(end: 'SIGTERM' | 'SIGKILL', options?: SlipwayOptions): Promise<void>
  stop(): Promise<void>
}

export interface Description {
  readonly EndpointStatus: string
  readonly EndpointConfigName: string
  readonly FailureReason?: string
  readonly PendingDeploymentSummary?: {
    readonly EndpointConfigName: string
    readonly ProductionVariants: NonNullable<Description['ProductionVariants']>
  }
  readonly ProductionVariants?: readonly {
    readonly VariantName: string
    readonly CurrentInstanceCount?: number
    readonly DesiredInstanceCount: number
    readonly CurrentWeight?: number
    readonly VariantStatus?: readonly { readonly Status: string; readonly StatusMessage: string }[]
    readonly DeployedImages?: readonly { readonly ResolvedImage: string }[]
  }[]
}

/** On the run's engine of that kind, or on one that the test itself has started. */
export async function startHosting(
  on: EngineKind | Pick<LocalEngine, 'socket'>,
  options: SlipwayOptions = {},
): Promise<HostingFixture> {
  const [engine, images, registry, data] = await Promise.all([
    typeof on === 'string' ? sharedEngine(on) : on,
    buildTestImages(),
    startRegistry({ auth: 'none' }),
    temporaryDirectory('slw-data-'),
  ])
  const push = (repository: string, labels: Readonly<Record<string, string>>) =>
    pushImage(images.image({ labels }), { url: registry.url, repository, tag: '1' })
  await Promise.all([
    push('team/model', {}),
    push('team/stage', { 'com.amazonaws.sagemaker.capabilities.accept-bind-to-port': 'true' }),
  ])
  const server: SlipwayOptions = {
    runtime: 'docker',
    engineSocket: engine.socket,
    dataDir: data.path,
    ...options,
  }
  let slipway = await startSlipway(server)
  const installation = await installationId(slipway.dataDir)
  const signal = () => AbortSignal.timeout(60_000)
  const runtime = await connectDocker({ log: silentLogger, socket: engine.socket, installation, signal: signal() })
  const api = apiOf(() => slipway)
  const image = `${registry.host}/team/model:1`
  const stage = `${registry.host}/team/stage:1`

  const describe = async (name: string) =>
    (await api.sagemaker('DescribeEndpoint', { EndpointName: name })) as unknown as Description
  /** What a test that is tried again has made before. */
  const clear = async (name: string) => {
    const drop = (operation: string, input: Record<string, unknown>) =>
      api.sagemaker(operation, input).catch(ignoreRefusal)
    await drop('DeleteEndpoint', { EndpointName: name })
    await gone(name)
    await drop('DeleteEndpointConfig', { EndpointConfigName: name })
    const { Models: models } = await api.sagemaker('ListModels', { NameContains: `${name}-`, MaxResults: 100 })
    for (const { ModelName } of models as { ModelName: string }[])
      if (/^-\d+$/.test(ModelName.slice(name.length))) await drop('DeleteModel', { ModelName })
  }
  const gone = (name: string) =>
    eventually(async () => {
      const answer = await describe(name).catch((error: unknown) => error)
      if (!(answer instanceof ApiError)) throw new Error(`${name} is still there`)
    }, 45_000)
  const made = new Set<string>()
  const createConfig = async (name: string, given: readonly VariantOptions[]) => {
    if (made.has(name)) await clear(name)
    made.add(name)
    const variants = given.length === 0 ? [{}] : given
    const production = variants.map((variant, index) => ({
      VariantName: variant.name ?? `v${index}`,
      ModelName: `${name}-${index}`,
      InstanceType: 'ml.t2.medium',
      InitialInstanceCount: variant.instances ?? 1,
      ...(variant.weight !== undefined && { InitialVariantWeight: variant.weight }),
    }))
    for (const [index, variant] of variants.entries()) {
      const provider = variant.credentialsFunction
      const login = provider && { RepositoryAuthConfig: { RepositoryCredentialsProviderArn: provider } }
      const container = (Image: string, more: Readonly<Record<string, unknown>> = {}) => ({
        Image,
        ImageConfig: { RepositoryAccessMode: 'Vpc', ...login },
        ...more,
      })
      await api.sagemaker('CreateModel', {
        ModelName: `${name}-${index}`,
        ...(variant.role !== '' && { ExecutionRoleArn: variant.role ?? ROLE }),
        VpcConfig: VPC,
        ...(variant.containers === undefined
          ? { PrimaryContainer: container(variant.image ?? image, variant.container) }
          : { Containers: variant.containers.map((more) => container(variant.image ?? stage, more)) }),
        ...(variant.mode !== undefined && { InferenceExecutionConfig: { Mode: variant.mode } }),
      })
    }
    for (const variant of variants) await variant.beforeEndpoint?.()
    await api.sagemaker('CreateEndpointConfig', { EndpointConfigName: name, ProductionVariants: production })
  }
  const create = async (name: string, ...variants: readonly VariantOptions[]) => {
    await createConfig(name, variants)
    await api.sagemaker('CreateEndpoint', { EndpointName: name, EndpointConfigName: name })
  }
  const settled = (name: string, timeout = 30_000) =>
    eventually(async () => {
      const description = await describe(name)
      if (description.EndpointStatus === 'Creating') throw new Error(`${name} is still Creating`)
      return description
    }, timeout)
  const atRest = (name: string, timeout = 60_000) =>
    eventually(async () => {
      const description = await describe(name)
      if (['Creating', 'Updating', 'RollingBack'].includes(description.EndpointStatus))
        throw new Error(`${name} is still ${description.EndpointStatus}`)
      return description
    }, timeout)
  const fixture: Omit<HostingFixture, 'slipway'> = {
    api,
    registry,
    images,
    runtime,
    image,
    create,
    settled,
    atRest,
    describe,
    update: async (endpoint, config, input, ...variants) => {
      await createConfig(config, variants)
      await api.sagemaker('UpdateEndpoint', { EndpointName: endpoint, EndpointConfigName: config, ...input })
    },
    deploy: async (name, ...variants) => {
      await create(name, ...variants)
      const description = await settled(name)
      if (description.EndpointStatus !== 'InService') throw new Error(JSON.stringify(description))
      return description
    },
    remove: async (name) => {
      await api.sagemaker('DeleteEndpoint', { EndpointName: name })
      await gone(name)
    },
    containers: async (name) => {
      const labels = { 'io.slipway.endpoint': `123456789012/us-east-1/${name.toLowerCase()}` }
      const found = await runtime.listContainers(labels, signal())
      return [...found].sort((a, b) => a.startedAt - b.startedAt)
    },
    printed: async (name) => {
      const logGroupName = `/aws/sagemaker/Endpoints/${name}`
      const { events } = await api.logs('FilterLogEvents', { logGroupName })
      return (events as { message: string }[]).map(({ message }) => message)
    },
    kill: async (container) => {
      const host = engine.socket.replace('unix://', '')
      const path = `http://engine/v1.41/containers/${container}/kill`
      await promisify(execFile)('curl', ['-sf', '--unix-socket', host, '-X', 'POST', path])
    },
    restart: async (end, changes = {}) => {
      if (end === 'SIGTERM') await slipway.process.stop(15_000)
      // The program itself: setpriv has become it. Its workers find out and end by themselves.
      else if (isAlive(slipway.process.pid)) process.kill(slipway.process.pid, 'SIGKILL')
      await eventually(() => {
        if (isAlive(slipway.process.pid)) throw new Error('the server is still there')
      })
      slipway = await startSlipway({ ...server, ...changes })
    },
    stop: async () => {
      await slipway.stop()
      for (const { id } of await runtime.listContainers({}, signal())) await runtime.removeContainer(id, 1, signal())
      await runtime.removeNetworks(signal())
      await runtime.close()
      await registry.stop()
      await Promise.all([images.remove(), data.remove()])
    },
  }
  return {
    ...fixture,
    get slipway() {
      return slipway
    },
  }
}

const ignoreRefusal = (error: unknown): void => {
  if (!(error instanceof ApiError)) throw error
}
