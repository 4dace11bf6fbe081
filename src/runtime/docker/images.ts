import { connect } from 'node:net'
import { type LocalImage, type PullRequest, RuntimeError } from '../container-runtime.ts'
import type { ImageAnswer, PullMessage } from './api-types.ts'
import { classifyError } from './classify-error.ts'
import type { Engine } from './engine.ts'
import { EngineError, transportError } from './engine-client.ts'
import { jsonLines } from './json-lines.ts'
import { imagePath, splitDigestReference } from './references.ts'

export async function findImage(
  engine: Engine,
  reference: string,
  signal: AbortSignal,
): Promise<LocalImage | undefined> {
  try {
    const image = await engine.client.json<ImageAnswer>('GET', `/images/${imagePath(reference)}/json`, { signal })
    return {
      id: image.Id,
      repoDigests: image.RepoDigests ?? [],
      labels: image.Config?.Labels ?? {},
      architecture: image.Architecture ?? '',
      sizeBytes: image.Size ?? 0,
    }
  } catch (error) {
    if (error instanceof EngineError && error.status === 404) return undefined
    throw error
  }
}

/** The engine begins to answer once the registry has; a dead address keeps Podman busy for half a minute. */
const PULL_ANSWER_TIMEOUT = 120_000
/** What this machine itself allows a registry for accepting a connection. */
const REACH_TIMEOUT = 5_000

/** Pulls by digest. A failed pull may look successful but for its stream (always on Podman), so that is read. */
export async function pullImage(engine: Engine, request: PullRequest, signal: AbortSignal): Promise<LocalImage> {
  const { name, digest, host } = splitDigestReference(request.reference)
  const given = new AbortController()
  const combined = AbortSignal.any([signal, given.signal])
  const watchdog = engine.flavour === 'podman' ? giveUpOnDeadAddress(host, given, combined) : undefined
  try {
    const stream = await engine.client.open('POST', '/images/create', {
      signal: combined,
      query: { fromImage: name, tag: digest },
      headers: { 'x-registry-auth': registryAuth(request.credentials, host) },
      timeout: PULL_ANSWER_TIMEOUT,
    })
    await readPull(engine, stream, combined)
  } finally {
    given.abort()
    await watchdog
  }
  const image = await findImage(engine, request.reference, signal)
  if (image !== undefined) return image
  throw new RuntimeError('corrupt-image', `${request.reference} was pulled, but the engine does not have it.`)
}

async function readPull(engine: Engine, stream: AsyncIterable<Buffer>, signal: AbortSignal): Promise<void> {
  let failure: string | undefined
  try {
    for await (const message of jsonLines<PullMessage>(stream)) {
      failure ??= message.errorDetail?.message ?? message.error
    }
  } catch (error) {
    throw transportError(error, engine.client.address, 'POST /images/create', signal)
  }
  if (failure !== undefined) throw new RuntimeError(classifyError(200, failure), failure.trim())
}

/** Docker decodes with padding and takes garbage for no credentials, so the padding matters. */
function registryAuth(credentials: PullRequest['credentials'], host: string): string {
  const auth = credentials === undefined ? {} : { ...credentials, serveraddress: host }
  return Buffer.from(JSON.stringify(auth)).toString('base64').replaceAll('+', '-').replaceAll('/', '_')
}

/** Ends a pull once this machine finds the registry's address dead, rather than after Podman's retries. */
async function giveUpOnDeadAddress(host: string, pull: AbortController, signal: AbortSignal): Promise<void> {
  const problem = await unreachable(host, signal)
  if (problem !== undefined) {
    pull.abort(new RuntimeError('registry-unreachable', `The registry ${host} cannot be reached: ${problem}.`))
  }
}

/** Undefined when something listens there, or when this machine cannot tell. */
function unreachable(host: string, signal: AbortSignal): Promise<string | undefined> {
  const [, name = '', port = '443'] = /^\[?([^\]]*?)\]?(?::(\d+))?$/.exec(host) ?? []
  return new Promise((resolve) => {
    const socket = connect({ host: name, port: Number(port) })
    const settle = (problem: string | undefined) => {
      signal.removeEventListener('abort', onAbort)
      socket.destroy()
      resolve(problem)
    }
    const onAbort = () => settle(undefined)
    signal.addEventListener('abort', onAbort, { once: true })
    socket.setTimeout(REACH_TIMEOUT, () => settle('no answer within 5 seconds'))
    socket.once('connect', () => settle(undefined))
    socket.once('error', (error: NodeJS.ErrnoException) => {
      // Names may be resolved differently by the engine (mirrors, its own hosts file): only dead routes are certain.
      const certain = ['EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'ECONNREFUSED'].includes(error.code ?? '')
      settle(certain ? error.message : undefined)
    })
  })
}
