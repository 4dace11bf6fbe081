import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ConfigError, loadConfig } from './load.ts'
import { configOptions, variableOf } from './options.ts'

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
    ['empty number', () => loadConfig({}, { SLIPWAY_PORT: '' }), 'port:'],
    ['number that is none in YAML', () => loadConfig({}, {}, yaml('port: true')), 'port:'],
    ['null', () => loadConfig({}, {}, yaml('port: null')), 'port:'],
    ['fraction', () => loadConfig({ workers: '1.5' }, {}), 'workers:'],
    ['URL', () => loadConfig({ publicUrl: 'ftp://a' }, {}), 'publicUrl:'],
    ['list in a variable', () => loadConfig({}, { SLIPWAY_S3_DOMAINS: '[a' }), 'is not valid YAML'],
    ['text for a list', () => loadConfig({}, { SLIPWAY_S3_DOMAINS: 'a' }), 's3Domains:'],
    ['mapping for a text', () => loadConfig({}, {}, yaml('host: {a: b}')), 'host:'],
    [
      'password in the file',
      () => loadConfig({}, {}, yaml('registries: {r: {password: p}}')),
      'registries.r.password is not an option',
    ],
    ['broken YAML', () => loadConfig({}, {}, yaml('a: [')), 'is not valid YAML'],
    ['a list', () => loadConfig({}, {}, yaml('- a')), 'must hold a mapping'],
    ['absent file', () => loadConfig({}, {}, '/nonexistent/slipway.yaml'), 'cannot read'],
    ['half a login', () => loadConfig({}, {}, yaml('registries: {r: {username: u}}')), 'go together'],
    ['trust beyond loopback', () => loadConfig({ auth: 'trust', host: '0.0.0.0' }, {}), 'trust'],
  ])('refuses an unknown or wrong %s', (_name, load, message) => {
    expect(load).toThrow(ConfigError)
    expect(load).toThrow(message)
  })

  it.each([
    [{ port: 'abc' }, 'port: must be a number, not "abc"'],
    [{ port: '99999' }, 'port: must be at most 65535, not 99999'],
    [{ workers: '0' }, 'workers: must be at least 1, not 0'],
    [{ workers: '1.5' }, 'workers: must be a whole number, not 1.5'],
    [{ runtime: 'podman' }, 'runtime: must be auto, docker or none, not "podman"'],
    [{ region: 'mars' }, 'region: must look like us-east-1'],
    [{ dataDir: '' }, 'dataDir: must be a text that is not empty, not ""'],
    [{ publicUrl: 'example' }, 'publicUrl: must be an http or https URL, not "example"'],
    [{ stopContainers: 'yes' }, 'stopContainers: must be true or false, not "yes"'],
    [{ s3Domains: {} }, 's3Domains: must be a list, not a mapping'],
    [{ limits: { containerSeconds: 0 } }, 'limits.containerSeconds: must be more than 0, not 0'],
    [{ registries: { r: 1 } }, 'registries.r: must be a mapping, not 1'],
  ])('says of %j what it should be', (options, message) => {
    expect(() => loadConfig(options, {})).toThrow(new ConfigError(message))
  })

  it('reads options of groups and lists from variables', () => {
    const config = loadConfig({}, { SLIPWAY_LIMITS_CONTAINER_SECONDS: '7', SLIPWAY_S3_DOMAINS: '[a.example]' })
    expect([config.limits.containerSeconds, config.s3Domains]).toEqual([7, ['a.example']])
  })

  it('takes trust beyond loopback when it is forced', () => {
    expect(loadConfig({ auth: 'trust', host: '0.0.0.0', trustRemote: true }, {}).auth).toBe('trust')
  })

  it('opens ~ and takes the slash off the public URL', () => {
    const config = loadConfig({ publicUrl: 'https://a.example/slipway/' }, {}, yaml('dataDir: ~/data'))
    expect([config.dataDir, config.publicUrl]).toEqual([join(homedir(), 'data'), 'https://a.example/slipway'])
  })

  it('describes every option, with its default', () => {
    const options = configOptions()
    for (const { path, description } of options) expect(description, path.join('.')).toMatch(/\w/)
    const byName = new Map(options.map((option) => [option.path.join('.'), option]))
    expect(byName.get('port')).toMatchObject({ fallback: 8770, structured: false })
    expect(byName.get('s3Domains')).toMatchObject({ fallback: [], structured: true })
    expect(byName.get('limits.containerSeconds')).toMatchObject({ fallback: 60 })
    expect(byName.get('caFile')).toMatchObject({ fallback: undefined })
  })

  it('has one variable for each option', () => {
    const names = configOptions().map((option) => variableOf(option.path))
    expect(new Set(names).size).toBe(names.length)
    expect(names).toContain('SLIPWAY_LIMITS_INVOCATION_BYTES')
  })
})
