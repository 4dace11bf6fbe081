import { describe, expect, it } from 'vitest'
import type { ContainerSpec } from '../container-runtime.ts'
import { decideReach } from './connect-docker.ts'
import { containerRequest } from './container-request.ts'
import { containerState } from './container-state.ts'
import { networkName } from './networks.ts'
import { imagePath, objectPath, splitDigestReference } from './references.ts'

const SPEC: ContainerSpec = {
  name: 'c',
  image: 'host/r@sha256:0',
  command: ['serve'],
  environment: { A: '1', B: 'x=y' },
  labels: { mine: 'yes' },
  mounts: [{ source: '/data:1', target: '/opt/ml/model', readOnly: true }],
  port: 8080,
  memoryBytes: 1_000,
  cpus: 1.5,
  cpuWeight: 700,
  reservedMemoryBytes: 500,
  pids: 10,
  network: 'open',
  addedCapabilities: ['NET_BIND_SERVICE'],
}
type Body = { Labels: Record<string, string>; HostConfig: Record<string, unknown> }
const request = (flavour: 'docker' | 'podman', reach: 'direct' | 'loopback', cpus = 8) =>
  containerRequest(SPEC, { flavour, installation: 'i', reach, cpus }, 'net', 'attempt') as Body

describe('containerRequest', () => {
  it('asks for what the spec says and takes everything else away', () => {
    expect(request('docker', 'direct')).toMatchObject({
      Image: 'host/r@sha256:0',
      Cmd: ['serve'],
      Env: ['A=1', 'B=x=y'],
      Labels: { mine: 'yes', 'io.slipway.runtime.installation': 'i' },
      HostConfig: {
        CapDrop: ['ALL'],
        CapAdd: ['NET_BIND_SERVICE'],
        SecurityOpt: ['no-new-privileges'],
        Memory: 1_000,
        MemorySwap: 1_000,
        NanoCpus: 1_500_000_000,
        CpuShares: 700,
        MemoryReservation: 500,
        PidsLimit: 10,
        NetworkMode: 'net',
        PortBindings: {},
        RestartPolicy: { Name: 'no' },
        LogConfig: { Type: 'json-file' },
        Mounts: [{ Type: 'bind', Source: '/data:1', Target: '/opt/ml/model', ReadOnly: true }],
      },
    })
    expect(request('docker', 'direct').HostConfig).not.toHaveProperty('Ulimits')
    expect(request('podman', 'direct').HostConfig.LogConfig).toMatchObject({ Type: 'k8s-file' })
  })

  it('asks for no more CPUs than there are', () => {
    expect(request('docker', 'direct', 1).HostConfig.NanoCpus).toBe(1_000_000_000)
  })

  it('publishes on loopback only', () => {
    expect(request('docker', 'loopback').HostConfig.PortBindings).toEqual({
      '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }],
    })
  })
})

describe('containerState', () => {
  const labels = { mine: 'yes', 'io.slipway.runtime.port': '8080', 'io.slipway.runtime.attempt': 'a' }
  const answer = {
    Id: 'id',
    Name: '/name',
    Image: 'sha256:1',
    Config: { Labels: labels },
    State: { Status: 'running', Running: true, ExitCode: 0, OOMKilled: false, StartedAt: '2026-11-20T11:15:21.5Z' },
    NetworkSettings: { Ports: { '8080/tcp': null }, Networks: { a: null, b: { IPAddress: '172.18.0.2' } } },
  }

  it('reads a running container', () => {
    expect(containerState(answer)).toEqual({
      id: 'id',
      name: 'name',
      labels: { mine: 'yes' },
      running: true,
      address: '172.18.0.2:8080',
      exitCode: undefined,
      outOfMemory: false,
      imageId: 'sha256:1',
      startedAt: Date.parse('2026-11-20T11:15:21.5Z'),
    })
  })

  it('takes the published port on loopback before the address', () => {
    const Ports = { '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: '32768' }] }
    const NetworkSettings = { ...answer.NetworkSettings, Ports }
    expect(containerState({ ...answer, NetworkSettings }).address).toBe('127.0.0.1:32768')
  })

  it('has no address once it has ended', () => {
    const State = { Status: 'exited', Running: false, ExitCode: 137, OOMKilled: true }
    expect(containerState({ ...answer, State })).toMatchObject({
      running: false,
      address: undefined,
      exitCode: 137,
      outOfMemory: true,
    })
  })

  it('has no exit code before it has run', () => {
    const State = { Status: 'created', Running: false, ExitCode: 0, StartedAt: '0001-01-01T00:00:00Z' }
    expect(containerState({ ...answer, State })).toMatchObject({ exitCode: undefined, startedAt: 0 })
  })

  it('bears an answer with hardly anything in it', () => {
    expect(containerState({ Id: 'id' })).toMatchObject({ id: 'id', running: false, labels: {}, address: undefined })
  })
})

describe('decideReach', () => {
  const unix = { kind: 'unix', path: '/var/run/docker.sock' } as const
  const host = { platform: 'linux', kernel: '6.1', hostname: 'vm' }
  const info = { Name: 'vm', KernelVersion: '6.1', OperatingSystem: 'Debian', SecurityOptions: ['name=seccomp'] }

  it('goes straight to the containers of root’s engine on this machine', () => {
    expect(decideReach(unix, info, host)).toBe('direct')
    expect(decideReach(unix, { ...info, SecurityOptions: null }, host)).toBe('direct')
  })

  it.each([
    ['rootless', { SecurityOptions: ['name=seccomp,profile=default', 'name=rootless'] }, {}],
    ['Docker Desktop', { OperatingSystem: 'Docker Desktop' }, {}],
    ['a virtual machine', { KernelVersion: '5.15', Name: 'lima' }, {}],
    ['another host', { Name: 'elsewhere' }, {}],
    ['a Mac', {}, { platform: 'darwin' }],
  ])('goes over loopback: %s', (_what, difference, other) => {
    expect(decideReach(unix, { ...info, ...difference }, { ...host, ...other })).toBe('loopback')
  })

  it('goes over loopback to an engine behind a port', () => {
    const tcp = { kind: 'tcp', origin: 'http://127.0.0.1:2375', certificates: undefined } as const
    expect(decideReach(tcp, info, host)).toBe('loopback')
  })
})

describe('names', () => {
  it('keeps installations apart', () => {
    expect(networkName('default', 'open')).toBe('slipway')
    expect(networkName('default', 'isolated')).toBe('slipway-isolated')
    expect(networkName('ci-7', 'isolated')).toBe('slipway-ci-7-isolated')
  })

  it.each(['', '.', '..', 'a/b', 'a b', 'a?b', 'a#b', 'a%2fb', '-a', 'a'.repeat(300)])('refuses the id %j', (id) => {
    expect(() => objectPath(id)).toThrow(/not an id/)
  })

  it.each(['', '../x', 'a/../b', 'a//b', 'a b', 'a?b', 'a%2e', 'a\nb', `a${'b'.repeat(600)}`])(
    'refuses the reference %j',
    (text) => {
      expect(() => imagePath(text)).toThrow(/not an image reference/)
    },
  )

  it('splits a reference by digest', () => {
    const digest = `sha256:${'a'.repeat(64)}`
    expect(splitDigestReference(`r.example:5000/team/m@${digest}`)).toEqual({
      name: 'r.example:5000/team/m',
      host: 'r.example:5000',
      digest,
    })
    expect(() => splitDigestReference('r.example/m:latest')).toThrow(/host\/repository@sha256/)
    expect(() => splitDigestReference(`m@${digest}`)).toThrow(/host\/repository@sha256/)
  })
})
