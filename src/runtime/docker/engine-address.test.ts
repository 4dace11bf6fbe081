import { describe, expect, it } from 'vitest'
import { candidateAddresses, formatAddress, parseAddress } from './engine-address.ts'

describe('parseAddress', () => {
  it.each([
    ['unix:///var/run/docker.sock', { kind: 'unix', path: '/var/run/docker.sock' }],
    ['/run/podman/podman.sock', { kind: 'unix', path: '/run/podman/podman.sock' }],
    ['tcp://127.0.0.1:2375', { kind: 'tcp', origin: 'http://127.0.0.1:2375', certificates: undefined }],
    ['tcp://localhost', { kind: 'tcp', origin: 'http://localhost:2375', certificates: undefined }],
    ['tcp://[::1]:1', { kind: 'tcp', origin: 'http://[::1]:1', certificates: undefined }],
  ])('reads %s', (text, address) => {
    expect(parseAddress(text, {})).toEqual(address)
  })

  it('speaks TLS where the environment says so', () => {
    const environment = { DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/certs' }
    expect(parseAddress('tcp://127.0.0.1', environment)).toEqual({
      kind: 'tcp',
      origin: 'https://127.0.0.1:2376',
      certificates: '/certs',
    })
  })

  it.each([
    'tcp://docker:2375',
    'tcp://10.0.0.1:2375',
    'ssh://me@host',
    'npipe:////./pipe/docker',
    'unix://',
    'relative',
    '',
  ])('has no use for %j', (text) => {
    expect(parseAddress(text, {})).toMatchObject({ kind: 'unusable', why: expect.stringContaining(text) })
  })
})

describe('candidateAddresses', () => {
  it('looks nowhere else when DOCKER_HOST is set', () => {
    expect(candidateAddresses({ DOCKER_HOST: 'unix:///x.sock' }, '/home/u', 1000)).toEqual([
      { kind: 'unix', path: '/x.sock' },
    ])
  })

  it('tries the usual places, those of root first', () => {
    const found = candidateAddresses({ DOCKER_HOST: '', XDG_RUNTIME_DIR: '/run/user/7' }, '/home/u', 1000)
    const paths = found.map((candidate) => (candidate.kind === 'unix' ? candidate.path : ''))
    expect(paths.slice(0, 2)).toEqual(['/var/run/docker.sock', '/run/podman/podman.sock'])
    expect(paths).toContain('/run/user/7/podman/podman.sock')
    expect(paths).toContain('/home/u/.colima/default/docker.sock')
    expect(candidateAddresses({}, '/home/u', 1000)).toContainEqual({ kind: 'unix', path: '/run/user/1000/docker.sock' })
  })
})

describe('formatAddress', () => {
  it.each(['unix:///var/run/docker.sock', 'tcp://127.0.0.1:2375'])('writes %s as it is read', (text) => {
    const address = parseAddress(text, {})
    expect(address.kind === 'unusable' ? '' : formatAddress(address)).toBe(text)
  })
})
