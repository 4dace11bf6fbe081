import { expect, it } from 'vitest'
import type { VariantSpec } from '../endpoints/endpoint-spec.ts'
import type { ResolvedContainer } from '../models/resolved-container.ts'
import { type ContainerPolicy, containerSpec } from './container-spec.ts'

const GIB = 1024 ** 3
const container: ResolvedContainer = {
  hostname: undefined,
  image: 'host/model:1',
  imageDigest: undefined,
  repositoryAccessMode: 'Vpc',
  credentialsProviderArn: 'arn:aws:lambda:us-east-1:123456789012:function:secret-giver',
  modelData: { uri: 's3://b/k', form: 'archive', etag: undefined },
  environment: { A: '1', AWS_REGION: 'mine' },
  modelPackageArn: undefined,
}
const variant: VariantSpec = {
  name: 'v',
  instanceType: 'ml.m5.large',
  modelName: 'm',
  executionRoleArn: undefined,
  containers: [container],
  networkIsolation: false,
  vpcConfig: undefined,
  routingStrategy: 'RANDOM',
  modelDataDownloadSeconds: undefined,
  startupHealthCheckSeconds: undefined,
}
const policy: ContainerPolicy = {
  installation: 'here',
  addedCapabilities: ['NET_BIND_SERVICE'],
  pids: 99,
  machine: { cpus: 64, memoryBytes: 256 * GIB },
}
const identity = { id: 'i-1', endpointKey: '1/us-east-1/name', endpointName: 'Name', region: 'us-east-1' }

it('follows the hosting contract', () => {
  expect(containerSpec(identity, variant, 0, 'sha256:1', '/models/1', policy)).toEqual({
    name: 'slipway-name-i-1',
    image: 'sha256:1',
    command: ['serve'],
    environment: {
      SAGEMAKER_SAFE_PORT_RANGE: '23000-23999',
      AWS_REGION: 'mine',
      AWS_DEFAULT_REGION: 'us-east-1',
      A: '1',
    },
    labels: {
      'io.slipway.installation': 'here',
      'io.slipway.endpoint': '1/us-east-1/name',
      'io.slipway.instance': 'i-1',
      'io.slipway.container': '0',
      'io.slipway.model': '/models/1',
    },
    mounts: [{ source: '/models/1', target: '/opt/ml/model', readOnly: true }],
    port: 8080,
    memoryBytes: 8 * GIB,
    cpus: 2,
    cpuWeight: 2048,
    reservedMemoryBytes: 8 * GIB,
    pids: 99,
    network: 'open',
    addedCapabilities: ['NET_BIND_SERVICE'],
    capped: false,
  })
})

it('isolates, caps to the machine, and mounts nothing where there is no model data', () => {
  const small = { ...policy, machine: { cpus: 1, memoryBytes: GIB } }
  const spec = containerSpec(identity, { ...variant, networkIsolation: true }, 0, 'sha256:1', undefined, small)
  expect(spec).toMatchObject({ network: 'isolated', cpus: 1, memoryBytes: GIB, capped: true, mounts: [] })
  expect(spec.labels).not.toHaveProperty('io.slipway.model')
})

it('gives each of several containers a port, a name and, where the model says one, a host name', () => {
  const containers = [
    { ...container, hostname: 'first' },
    { ...container, hostname: undefined },
  ]
  const several = { ...variant, containers }
  const [first, second] = [0, 1].map((position) => containerSpec(identity, several, position, 'x', undefined, policy))
  expect(first).toMatchObject({ name: 'slipway-name-i-1-1', hostname: 'first', port: 8080 })
  expect(first?.environment).toMatchObject({ SAGEMAKER_BIND_TO_PORT: '8080', A: '1' })
  expect(second).toMatchObject({ name: 'slipway-name-i-1-2', port: 8081, labels: { 'io.slipway.container': '1' } })
  expect(second?.environment).toMatchObject({ SAGEMAKER_BIND_TO_PORT: '8081' })
  expect(second).not.toHaveProperty('hostname')
  // Each may have all of the instance, and both together weigh no more than a lone one.
  for (const one of [first, second])
    expect(one).toMatchObject({
      cpus: 2,
      memoryBytes: 8 * GIB,
      cpuWeight: 1024,
      reservedMemoryBytes: 4 * GIB,
    })
})
