import { createPrivateKey, hash, type KeyObject, sign } from 'node:crypto'
import { promisify } from 'node:util'
import type { Clock } from '../../../shared/clock.ts'
import type { SealedBox } from '../../../shared/sealed-box.ts'
import type { Database } from '../../../storage/database.ts'
import { statement } from '../../../storage/statement.ts'
import { makeCertifiedKey } from './certificate.ts'

/** `1` signs SHA-1, as messages of SNS are unless the topic says otherwise; `2` SHA-256. */
export type SignatureVersion = '1' | '2'

const KEY_CONTEXT = 'sns-signing-key'
const KEY_ID = 'current'
const MOST_KEPT = 10_000
/** The path that AWS serves its certificates at; no bucket has capital letters in its name. */
const PATH = /^\/SimpleNotificationService-([0-9a-f]{32})\.pem$/

interface SigningKey {
  readonly key: KeyObject
  readonly certificate: string
  readonly path: string
}

interface SignerDeps {
  readonly database: Database
  readonly box: SealedBox
  readonly clock: Clock
}

const signed = promisify(sign) as (algorithm: string, data: Buffer, key: KeyObject) => Promise<Buffer>

/** Signs messages with the installation's key, which is made when it is first needed. */
export class Signer {
  readonly #deps: SignerDeps
  #key: Promise<SigningKey> | undefined
  readonly #made = new Map<string, Promise<string>>()

  constructor(deps: SignerDeps) {
    this.#deps = deps
  }

  /**
   * The signature of a text, in Base64. It is made outside the event loop, because it takes the better part of a millisecond,
   * and kept for a while: every subscription gets the same, and so does every further try.
   */
  sign(text: string, version: SignatureVersion): Promise<string> {
    const id = `${version} ${hash('sha256', text)}`
    const known = this.#made.get(id)
    if (known !== undefined) return known
    const making = this.#sign(text, version)
    this.#made.set(id, making)
    making.catch(() => this.#made.delete(id))
    if (this.#made.size > MOST_KEPT) for (const oldest of this.#made.keys()) if (this.#made.delete(oldest)) break
    return making
  }

  async #sign(text: string, version: SignatureVersion): Promise<string> {
    const { key } = await this.#signingKey()
    return (await signed(version === '2' ? 'sha256' : 'sha1', Buffer.from(text), key)).toString('base64')
  }

  /** Where the certificate is served. */
  async certificatePath(): Promise<string> {
    return (await this.#signingKey()).path
  }

  /** The certificate that is served at a path, PEM; undefined for another path. */
  async certificateAt(path: string): Promise<string | undefined> {
    if (!isCertificatePath(path)) return undefined
    const key = await this.#signingKey()
    return key.path === path ? key.certificate : undefined
  }

  #signingKey(): Promise<SigningKey> {
    this.#key ??= this.#open().catch((error: unknown) => {
      this.#key = undefined
      throw error
    })
    return this.#key
  }

  async #open(): Promise<SigningKey> {
    const row = (await this.#read()) ?? (await this.#make())
    const pem = this.#deps.box.unseal(row.private_key, KEY_CONTEXT)
    if (pem === undefined) throw new Error('the signing key of SNS was sealed with another master key')
    const fingerprint = hash('sha256', row.certificate).slice(0, 32)
    return {
      key: createPrivateKey(pem),
      certificate: row.certificate,
      path: `/SimpleNotificationService-${fingerprint}.pem`,
    }
  }

  /** Workers that make one at the same moment end up with the same. */
  async #make() {
    const { database, box, clock } = this.#deps
    const { certificate, privateKey } = await makeCertifiedKey('sns.amazonaws.com', clock.now())
    await database.commit([
      statement(
        database.query
          .insertInto('sns_signing_keys')
          .values({ id: KEY_ID, certificate, private_key: box.seal(privateKey, KEY_CONTEXT), created_at: clock.now() })
          .onConflict((conflict) => conflict.doNothing()),
      ),
    ])
    const row = await this.#read()
    if (row === undefined) throw new Error('the signing key of SNS is gone')
    return row
  }

  #read() {
    return this.#deps.database.query
      .selectFrom('sns_signing_keys')
      .selectAll()
      .where('id', '=', KEY_ID)
      .executeTakeFirst()
  }
}

const isCertificatePath = (path: string): boolean => PATH.test(path)
