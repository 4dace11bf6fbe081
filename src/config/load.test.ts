import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ConfigError, configOptions, loadConfig, variableOf } from './load.ts'

const directory = mkdtempSync(join(tmpdir(), 'slipway-config-'))
afterAll(() => rmSync(directory, { recursive: true }))

function yaml(text: string): string {
  const file = join(directory, `${Math.random().toString(36).slice(2)}.yaml`)
  writeFileSync(file, text)
  return file
}

describe('loadConfig', () => {
  it('prefers flag over variable over file over default', () => {
    const file = yaml('port: 1\nworkers: 3\nregion: eu-west-1\n')
    const config = loadConfig({ port: '9' }, { SLIPWAY_PORT: '8', SLIPWAY_WORKERS: '5', SLIPWAY_CONFIG: file })
    expect([config.port, config.workers, config.region, config.host]).toEqual([9, 5, 'eu-west-1', '127.0.0.1'])
  })

  it.each([
    ['file', () => loadConfig({}, {}, yaml('prot: 1')), 'prot is not an option'],
    [
      'nested file key',
      () => loadConfig({}, {}, yaml('limits: {invocationByte: 1}')),
      'limits.invocationByte is not an option',
    ],
    ['variable', () => loadConfig({}, { SLIPWAY_PROT: '1' }), 'SLIPWAY_PROT is not an option'],
    ['flag', () => loadConfig({ prot: 1 }, {}), 'prot is not an option'],
    ['value', () => loadConfig({ port: '70000' }, {}), 'port:'],
    ['no number', () => loadConfig({ port: 'x' }, {}), 'port:'],
    ['broken YAML', () => loadConfig({}, {}, yaml('a: [')), 'is not valid YAML'],
    ['a list', () => loadConfig({}, {}, yaml('- a')), 'must hold a mapping'],
    ['absent file', () => loadConfig({}, {}, '/nonexistent/slipway.yaml'), 'cannot read'],
    ['half a login', () => loadConfig({}, {}, yaml('registries: {r: {username: u}}')), 'go together'],
    ['trust beyond loopback', () => loadConfig({ auth: 'trust', host: '0.0.0.0' }, {}), 'trust'],
  ])('refuses an unknown or wrong %s', (_name, load, message) => {
    expect(load).toThrow(ConfigError)
    expect(load).toThrow(message)
  })

  it('reads options of groups and lists from variables', () => {
    const config = loadConfig({}, { SLIPWAY_LIMITS_CONTAINER_SECONDS: '7', SLIPWAY_S3_DOMAINS: '[a.example]' })
    expect([config.limits.containerSeconds, config.s3Domains]).toEqual([7, ['a.example']])
  })

  it('takes trust beyond loopback when it is forced', () => {
    expect(loadConfig({ auth: 'trust', host: '0.0.0.0', trustRemote: true }, {}).auth).toBe('trust')
  })

  it('has one variable for each option', () => {
    const names = configOptions().map((option) => variableOf(option.path))
    expect(new Set(names).size).toBe(names.length)
    expect(names).toContain('SLIPWAY_LIMITS_INVOCATION_BYTES')
  })
})
