import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { createPolicyCache } from '../../src/access/policy/policy-cache.ts'
import type { Principal } from '../../src/access/principal.ts'
import type { EcrOperation, EcrOperations } from '../../src/model/generated/ecr.ts'
import type { ResourceDirectory } from '../../src/services/authorizer.ts'
import { sealLogin } from '../../src/services/ecr/authorization/authorization-token.ts'
import { ecrAuthorization } from '../../src/services/ecr/authorization.ts'
import { createImageRegistry } from '../../src/services/ecr/distribution/answer-registry.ts'
import type { EcrDeps } from '../../src/services/ecr/ecr-deps.ts'
import { digestOf } from '../../src/services/ecr/layers/digest-text.ts'
import { createEcrDirectory } from '../../src/services/ecr/resource-directory.ts'
import { createEcrService } from '../../src/services/ecr/service.ts'
import { presentPrincipal } from '../../src/services/iam/present-principal.ts'
import type { RequestContext } from '../../src/services/operation.ts'
import { systemClock } from '../../src/shared/clock.ts'
import { createSealedBox } from '../../src/shared/sealed-box.ts'
import { openFileBlobStore } from '../../src/storage/blobs/files/file-blob-store.ts'
import { watchCommits } from '../../src/storage/commit-watch.ts'
import { startTableChangeFeed } from '../../src/storage/table-change-feed.ts'
import { silentLogger } from '../../src/telemetry/log.ts'
import { authorize, ORIGIN, testAuthorizer } from './authorizer.ts'
import type { TestStore } from './databases.ts'
import { Identities } from './identities.ts'
import { ACCOUNT, accountRoot } from './s3-service.ts'
import { temporaryDirectory } from './temporary-directory.ts'

type Input<Name extends EcrOperation> = EcrOperations[Name]['input']
type Output<Name extends EcrOperation> = EcrOperations[Name]['output']

/** What the registry answered. */
export interface RegistryReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  /** The code of the first error. */
  readonly code: string | undefined
}

export interface RegistryCall {
  readonly query?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
  readonly principal?: Principal | 'nobody'
}

export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json'
const REGISTRY = '127.0.0.1:8770'

/** ECR and its registry over a real database and real files. */
export interface TestEcr {
  readonly deps: EcrDeps
  readonly identities: Identities
  readonly directory: ResourceDirectory
  /** Epoch milliseconds; stands still until a test moves it. */
  now: number
  call<Name extends EcrOperation>(
    name: Name,
    input: Input<Name>,
    context?: Partial<RequestContext>,
  ): Promise<Output<Name>>
  /** Asks the registry for `/v2/<account>/us-east-1/<path>`, or for a path that begins with a slash. */
  registry(method: string, path: string, more?: RegistryCall): Promise<RegistryReply>
  /** Uploads a blob and returns its digest. */
  blob(repository: string, bytes: string): Promise<string>
  /** Uploads layers and configuration, and a manifest of them under the tag; returns the manifest's digest. */
  image(repository: string, tag: string, layers?: readonly string[], more?: object): Promise<string>
  /** How many blobs lie in the store. */
  storedBlobs(): Promise<number>
  stop(): Promise<void>
}

export const descriptor = (bytes: string, mediaType = 'application/vnd.oci.image.layer.v1.tar') => ({
  mediaType,
  digest: digestOf(Buffer.from(bytes)),
  size: Buffer.byteLength(bytes),
})

export async function startEcr(store: TestStore): Promise<TestEcr> {
  const directory = await temporaryDirectory()
  const database = await store.open()
  const blobs = await openFileBlobStore(join(directory.path, 'blobs'))
  const clock = { now: () => service.now }
  const box = createSealedBox(new Uint8Array(32).fill(7))
  const watch = watchCommits(database, silentLogger)
  const changeFeed = await startTableChangeFeed({ db: database, watch, clock: systemClock, log: silentLogger })
  const repositories = createEcrDirectory({ database, changeFeed, policies: createPolicyCache() })
  const authorizer = testAuthorizer(database, changeFeed, { ecr: repositories })
  const presence = { presentPrincipal: (principal: Principal) => presentPrincipal({ database }, principal) }
  const deps: EcrDeps = { database, blobs, box, changeFeed, authorizer, identities: presence, clock }
  const table = createEcrService(deps)
  const answer = createImageRegistry({ ...deps, trusting: false, log: silentLogger })
  const service: TestEcr = {
    deps,
    identities: new Identities(database, changeFeed),
    directory: repositories,
    now: 1_700_000_000_000,
    call: async (name, input, overrides = {}) => {
      const account = overrides.principal?.account ?? ACCOUNT
      const context: RequestContext = {
        requestId: 'r',
        principal: accountRoot(account),
        account,
        region: 'us-east-1',
        now: service.now,
        signal: new AbortController().signal,
        baseUrl: `http://${REGISTRY}`,
        log: silentLogger,
        origin: ORIGIN,
        ...overrides,
      }
      await authorize(authorizer, 'ecr', ecrAuthorization, name, input, context)
      return (table[name] as (input: unknown, context: RequestContext) => Promise<never>)(input, context)
    },
    registry: async (method, path, { query = '', headers = {}, body, principal = accountRoot(ACCOUNT) } = {}) => {
      const bytes = Buffer.from(body ?? '')
      const login = principal === 'nobody' ? {} : { authorization: authorization(deps, principal, service.now + 1000) }
      const reply = await answer({
        method,
        path: path.startsWith('/') ? path : `/v2/${ACCOUNT}/us-east-1/${path}`,
        query,
        headers: { host: REGISTRY, ...login, 'content-length': String(bytes.length), ...headers },
        body: () => Readable.from(bytes.length === 0 ? [] : [bytes]),
        collect: async () => bytes,
        now: service.now,
        signal: new AbortController().signal,
        baseUrl: `http://${REGISTRY}`,
        origin: ORIGIN,
      })
      const text = reply.body instanceof Readable ? (await buffer(reply.body)).toString() : String(reply.body ?? '')
      const code = reply.status >= 400 && text !== '' ? JSON.parse(text).errors[0].code : undefined
      return { status: reply.status, headers: reply.headers, text, code }
    },
    blob: async (repository, bytes) => {
      const { digest } = descriptor(bytes)
      const reply = await service.registry('POST', `${repository}/blobs/uploads/`, {
        query: `digest=${digest}`,
        body: bytes,
      })
      if (reply.status !== 201) throw new Error(reply.text)
      return digest
    },
    image: async (repository, tag, layers = ['layer'], more = {}) => {
      const config = '{"architecture":"amd64","os":"linux"}'
      for (const bytes of [config, ...layers]) await service.blob(repository, bytes)
      const manifest = JSON.stringify({
        schemaVersion: 2,
        mediaType: OCI_MANIFEST,
        config: descriptor(config, 'application/vnd.oci.image.config.v1+json'),
        layers: layers.map((bytes) => descriptor(bytes)),
        ...more,
      })
      const headers = { 'content-type': OCI_MANIFEST }
      const reply = await service.registry('PUT', `${repository}/manifests/${tag}`, { headers, body: manifest })
      if (reply.status !== 201) throw new Error(reply.text)
      return reply.headers['Docker-Content-Digest'] as string
    },
    storedBlobs: () => countBlobs(deps),
    stop: async () => {
      await changeFeed.stop()
      watch.stop()
      await blobs.close()
      await store.remove()
      await directory.remove()
    },
  }
  return service
}

const authorization = (deps: Pick<EcrDeps, 'box'>, principal: Principal, expiration: number): string =>
  `Basic ${Buffer.from(`AWS:${sealLogin(deps.box, { principal, expiration })}`).toString('base64')}`

async function countBlobs({ blobs }: EcrDeps): Promise<number> {
  let count = 0
  const referenced = async (blobIds: readonly string[]) => {
    count += blobIds.length
    return new Set(blobIds)
  }
  await blobs.sweepOrphans({ writtenBefore: Number.POSITIVE_INFINITY, referenced })
  return count
}
