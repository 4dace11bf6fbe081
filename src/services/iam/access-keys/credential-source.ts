import type { CredentialSource, Lookup } from '../../../access/credential-source.ts'
import type { Principal } from '../../../access/principal.ts'
import { rootPrincipal, userPrincipal } from '../../../access/principals.ts'
import { openSession, type Session } from '../../../access/session-token.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { SealedBox } from '../../../shared/sealed-box.ts'
import { type ChangeFeed, EVERYTHING } from '../../../storage/change-feed.ts'
import type { Database } from '../../../storage/database.ts'
import { presentPrincipal } from '../present-principal.ts'
import { ACCESS_KEYS_TOPIC } from './key-changes.ts'
import { unsealSecret } from './key-secret.ts'

export interface CredentialSourceDeps {
  readonly database: Database
  readonly masterKey: SealedBox
  readonly changeFeed: ChangeFeed
  readonly clock: Clock
}

type Found = Extract<Lookup, { readonly principal: Principal }>

const LIMIT = 10_000
const UNKNOWN = { fault: 'unknown-key' } as const
const INVALID = { fault: 'invalid-token' } as const
const EXPIRED = { fault: 'expired-token' } as const

/**
 * Looks up access keys in the database and session tokens in themselves. Keeps what it has found until the change
 * feed says that it is no longer so.
 */
export function createCredentialSource(deps: CredentialSourceDeps): CredentialSource & { stop(): void } {
  const source = new CachedCredentials(deps)
  const unsubscribe = deps.changeFeed.subscribe(ACCESS_KEYS_TOPIC, (id) => source.forget(id))
  return { find: (accessKeyId, token) => source.find(accessKeyId, token), stop: unsubscribe }
}

class CachedCredentials implements CredentialSource {
  readonly #deps: CredentialSourceDeps
  readonly #keys = new Map<string, Found>()
  readonly #sessions = new Map<string, { readonly session: Session; readonly found: Found }>()
  /** Counts what was forgotten, so that a row read before a change is not kept after it. */
  #epoch = 0

  constructor(deps: CredentialSourceDeps) {
    this.#deps = deps
  }

  find(accessKeyId: string, sessionToken: string | undefined): Lookup | Promise<Lookup> {
    if (sessionToken === undefined) return this.#keys.get(accessKeyId) ?? this.#loadKey(accessKeyId)
    const known = this.#sessions.get(sessionToken)
    if (known === undefined) return this.#openToken(accessKeyId, sessionToken)
    if (known.session.accessKeyId !== accessKeyId) return INVALID
    return known.session.expiration <= this.#deps.clock.now() ? EXPIRED : known.found
  }

  forget(id: string): void {
    this.#epoch++
    if (id.startsWith('AKIA')) {
      this.#keys.delete(id)
      return
    }
    // A user or role, or everything: rare enough to start afresh.
    if (id !== EVERYTHING && !id.startsWith('AROA') && !id.startsWith('AIDA')) return
    this.#keys.clear()
    this.#sessions.clear()
  }

  async #loadKey(accessKeyId: string): Promise<Lookup> {
    const epoch = this.#epoch
    const row = await this.#deps.database.query
      .selectFrom('access_keys')
      .leftJoin('iam_users', 'iam_users.user_id', 'access_keys.user_id')
      .select(['access_keys.account', 'access_keys.user_id', 'access_keys.secret', 'access_keys.status'])
      .select(['iam_users.name', 'iam_users.path'])
      .where('access_keys.access_key_id', '=', accessKeyId)
      .executeTakeFirst()
    if (row === undefined || (row.user_id !== null && row.name === null)) return UNKNOWN
    if (row.status !== 'Active') return { fault: 'inactive-key' }
    const principal =
      row.user_id === null
        ? rootPrincipal(row.account, accessKeyId)
        : userPrincipal(row.account, { id: row.user_id, name: row.name!, path: row.path! }, accessKeyId)
    const found = { secretAccessKey: unsealSecret(this.#deps.masterKey, accessKeyId, row.secret), principal }
    if (epoch === this.#epoch) keep(this.#keys, accessKeyId, found)
    return found
  }

  async #openToken(accessKeyId: string, token: string): Promise<Lookup> {
    const epoch = this.#epoch
    const session = openSession(this.#deps.masterKey, token)
    if (session === undefined || session.accessKeyId !== accessKeyId) return INVALID
    if (session.expiration <= this.#deps.clock.now()) return EXPIRED
    const principal = await presentPrincipal(this.#deps, session.principal)
    if (principal === undefined) return INVALID
    const found = { secretAccessKey: session.secretAccessKey, principal: withSession(session, principal) }
    if (epoch === this.#epoch) keep(this.#sessions, token, { session, found })
    return found
  }
}

/** The principal with what its temporary credentials say of it. */
function withSession({ issuedAt, policy, policyArns, sourceIdentity }: Session, principal: Principal): Principal {
  return { ...principal, session: { issuedAt, policy, policyArns, sourceIdentity } }
}

function keep<Value>(cache: Map<string, Value>, key: string, value: Value): void {
  if (cache.size >= LIMIT) for (const oldest of cache.keys()) if (cache.delete(oldest)) break
  cache.set(key, value)
}
