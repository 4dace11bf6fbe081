import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { appendFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { Principal } from '../../src/access/principal.ts'
import type { S3Facade, S3ObjectHead } from '../../src/services/s3/facade.ts'
import { ServiceError } from '../../src/wire/service-error.ts'

export const rolePrincipal = (name: string): Principal => ({
  kind: 'role',
  account: '123456789012',
  arn: `arn:aws:sts::123456789012:assumed-role/${name}/session`,
  userId: `AROA:${name}`,
  roleArn: `arn:aws:iam::123456789012:role/${name}`,
})

export interface LocalS3 extends S3Facade {
  /** One line for each call so far, of any process: `get KEY`, `head KEY`, `list PREFIX`. */
  calls(): Promise<string[]>
  /** Roles (by name) that may read nothing. */
  readonly denied: Set<string>
  /** Keys of objects that are encrypted under a key of KMS, and roles (by name) that may not decrypt with it. */
  readonly encrypted: Set<string>
  readonly keyless: Set<string>
  /** Replaces the body of the next downloads, one each; undefined leaves it. */
  readonly bodies: (((path: string) => Readable) | undefined)[]
}

const roleOf = (principal: Principal): string => principal.roleArn?.split('/').at(-1) ?? ''
const accessDenied = () => new ServiceError('AccessDenied', 'Access Denied', { status: 403 })

/** S3 as the other services see it, over files of a directory, so that several processes can share it in a test. */
export async function openLocalS3(directory: string): Promise<LocalS3> {
  const log = join(directory, 'calls')
  const objects = join(directory, 'objects')
  await mkdir(objects, { recursive: true })
  await appendFile(log, '')
  const denied = new Set<string>()
  const encrypted = new Set<string>()
  const keyless = new Set<string>()
  const bodies: LocalS3['bodies'] = []
  const fileOf = (bucket: string, key: string) => join(objects, encodeURIComponent(`${bucket}/${key}`))

  async function head(principal: Principal, bucket: string, key: string): Promise<S3ObjectHead> {
    if (denied.has(roleOf(principal))) throw accessDenied()
    const file = fileOf(bucket, key)
    const info = await stat(file).catch(() => undefined)
    if (info === undefined) throw new ServiceError('NoSuchKey', 'The specified key does not exist.', { status: 404 })
    const etag = createHash('md5')
      .update(await readFile(file))
      .digest('hex')
    const sseKmsKeyId = encrypted.has(key) ? 'arn:aws:kms:us-east-1:123456789012:key/1' : undefined
    return {
      sseKmsKeyId,
      bucket,
      key,
      size: info.size,
      etag,
      contentType: 'binary/octet-stream',
      lastModified: info.mtimeMs,
    }
  }

  return {
    denied,
    encrypted,
    keyless,
    bodies,
    calls: async () => (await readFile(log, 'utf8')).split('\n').filter((line) => line !== ''),
    async headObject(principal, bucket, key) {
      await appendFile(log, `head ${key}\n`)
      return head(principal, bucket, key)
    },
    async getObject(principal, bucket, key, { ifMatch, signal } = {}) {
      await appendFile(log, `get ${key}\n`)
      signal?.throwIfAborted()
      const found = await head(principal, bucket, key)
      if (ifMatch !== undefined && ifMatch !== found.etag) {
        throw new ServiceError('PreconditionFailed', 'At least one of the pre-conditions did not hold', { status: 412 })
      }
      if (encrypted.has(key) && keyless.has(principal.roleArn?.split('/').at(-1) ?? '')) {
        throw new ServiceError('AccessDenied', 'not authorized to perform: kms:Decrypt', { status: 403 })
      }
      const open = bodies.shift() ?? createReadStream
      return { ...found, body: open(fileOf(bucket, key)) }
    },
    async *listObjects(principal, bucket, prefix) {
      await appendFile(log, `list ${prefix}\n`)
      const keys = (await readdir(objects)).map((name) => decodeURIComponent(name).slice(bucket.length + 1))
      for (const key of keys.filter((name) => name.startsWith(prefix)).sort()) yield head(principal, bucket, key)
    },
    async checkAccess(principal) {
      if (denied.has(roleOf(principal))) throw accessDenied()
    },
    readSmallObjects: () => Promise.reject(new Error('not used here')),
    prepareObject: () => Promise.reject(new Error('there is no database here')),
    unitOf: () => [],
    async putObject(_principal, bucket, key, body) {
      const bytes = body instanceof Readable ? await buffer(body) : body
      await writeFile(fileOf(bucket, key), bytes)
      return { etag: createHash('md5').update(bytes).digest('hex') }
    },
  }
}
