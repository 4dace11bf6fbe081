import { afterEach, expect } from 'vitest'
import {
  createRegistryClient,
  type RegistryClientOptions,
  type ResolveOptions,
} from '../../src/registries/registry-client.ts'
import { RegistryError } from '../../src/registries/registry-error.ts'
import { type Script, type ScriptedRegistry, startScriptedRegistry } from './scripted-registry.ts'

const platform = { os: 'linux', architecture: 'amd64' }
export const credentials = { username: 'alice', password: 'pa55word-of-alice' }
export const MANIFESTS = '/v2/team/model/manifests/'
export const BLOBS = '/v2/team/model/blobs/'

/** Scripted registries and clients for the tests of one file, stopped after each of them. */
export function faultyRegistries() {
  const stops: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop()
  })

  async function start(script?: Script): Promise<ScriptedRegistry> {
    const registry = await startScriptedRegistry(script)
    stops.push(registry.stop)
    return registry
  }

  function resolve(host: string, more: Partial<ResolveOptions> = {}, options: RegistryClientOptions = {}) {
    const client = createRegistryClient({ connectMilliseconds: 1000, idleMilliseconds: 1000, ...options })
    stops.unshift(() => client.close())
    const call = (name = 'team/model:1') =>
      client.resolveImage(`${host}/${name}`, { platform, signal: new AbortController().signal, ...more })
    return Object.assign(call, { client })
  }

  /** The error of the resolution; whatever it is, it tells no secret. */
  async function failure(script: Script, more: Partial<ResolveOptions> = {}, options: RegistryClientOptions = {}) {
    const registry = await start(script)
    const outcome = await resolve(registry.host, { credentials, ...more }, options)().catch((error: unknown) => error)
    if (!(outcome instanceof RegistryError)) throw new Error('no RegistryError', { cause: outcome })
    const told = [outcome.message, outcome.stack, JSON.stringify(outcome)].join()
    expect(told).not.toContain(credentials.password)
    expect(told).not.toContain(Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64'))
    return { error: outcome, reason: outcome.reason, registry }
  }

  return { stops, start, resolve, failure }
}

/** Demands a login, whatever it is. */
export const basic: Script = ({ request, reply }) => {
  if (request.headers.authorization?.startsWith('Basic ')) return false
  reply(401, { 'www-authenticate': 'Basic realm="x"' })
  return true
}

/** Demands tokens that `issue` makes; each is good until the next is made. */
export function bearer(issue: (count: number) => object | string, token: Script = () => false): Script {
  let issued = 0
  let current = ''
  return (exchange) => {
    const { request, reply, url } = exchange
    const realm = `http://${request.headers.host}/token`
    if (url.pathname === '/token') {
      if (token(exchange)) return true
      issued += 1
      const answer = issue(issued)
      current = typeof answer === 'object' && 'token' in answer ? String(answer.token) : ''
      reply(200, {}, typeof answer === 'string' ? answer : JSON.stringify(answer))
      return true
    }
    if (current !== '' && request.headers.authorization === `Bearer ${current}`) return false
    reply(401, { 'www-authenticate': `Bearer realm="${realm}",service="scripted"` })
    return true
  }
}
