import type { Principal } from '../../src/access/principal.ts'
import { rolePrincipal, userPrincipal } from '../../src/access/principals.ts'
import { IDENTITIES_TOPIC, identitiesChanged } from '../../src/services/iam/authorization/identity-policies.ts'
import { iamUniqueId } from '../../src/shared/ids.ts'
import type { ChangeFeed } from '../../src/storage/change-feed.ts'
import type { Database } from '../../src/storage/database.ts'
import { statement } from '../../src/storage/statement.ts'

/** A policy document of one statement or several. */
export const policyOf = (...statements: readonly object[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements })

/** A statement that allows, everything on everything unless more is said. */
export const allow = (action: string | readonly string[] = '*', more: object = {}): object => ({
  Effect: 'Allow',
  Action: action,
  Resource: '*',
  ...more,
})

export const deny = (action: string | readonly string[], more: object = {}): object => ({
  ...allow(action, more),
  Effect: 'Deny',
})

/** Identities that tests need, written down without IAM's operations, which have tests of their own. */
export class Identities {
  readonly #database: Database
  readonly #feed: ChangeFeed

  constructor(database: Database, feed: ChangeFeed) {
    this.#database = database
    this.#feed = feed
  }

  /** A session of a new role whose inline policy has these statements; without any, of a role without a policy. */
  async role(account: string, name: string, ...statements: readonly object[]): Promise<Principal> {
    const id = iamUniqueId('AROA')
    await this.#database.commit([
      statement(
        this.#database.query.insertInto('iam_roles').values({
          account,
          name_key: name.toLowerCase(),
          name,
          path: '/',
          role_id: id,
          trust_policy: policyOf(),
          description: null,
          max_session_duration: 3600,
          permissions_boundary: null,
          tags: '[]',
          created_at: 0,
        }),
      ),
    ])
    await this.#write(id, statements)
    return rolePrincipal(account, { path: '/', name, id }, 'session')
  }

  /** Lets a service take a role. */
  async trust(role: Principal, service: string): Promise<void> {
    const document = policyOf({ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' })
    const update = this.#database.query
      .updateTable('iam_roles')
      .set({ trust_policy: document })
      .where('role_id', '=', role.userId.split(':')[0]!)
    await this.#database.commit([statement(update)])
  }

  async user(account: string, name: string, ...statements: readonly object[]): Promise<Principal> {
    const id = iamUniqueId('AIDA')
    await this.#database.commit([
      statement(
        this.#database.query.insertInto('iam_users').values({
          account,
          name_key: name.toLowerCase(),
          name,
          path: '/',
          user_id: id,
          permissions_boundary: null,
          tags: '[]',
          created_at: 0,
        }),
      ),
    ])
    await this.#write(id, statements)
    return userPrincipal(account, { path: '/', name, id })
  }

  /** Puts these statements in the place of those that a principal has. */
  give(principal: Principal, ...statements: readonly object[]): Promise<void> {
    return this.#write(principal.userId.split(':')[0]!, statements)
  }

  async #write(id: string, statements: readonly object[]): Promise<void> {
    const { query } = this.#database
    const document = policyOf(...statements)
    const heard = this.#nextChange()
    await this.#database.commit([
      statement(query.deleteFrom('iam_inline_policies').where('owner_id', '=', id)),
      ...(statements.length === 0
        ? []
        : [
            statement(
              query
                .insertInto('iam_inline_policies')
                .values({ owner_id: id, name: 'own', document, size: document.length }),
            ),
          ]),
      identitiesChanged(this.#feed),
    ])
    await heard
  }

  /** Resolves when what is cached about identities has been forgotten. */
  #nextChange(): Promise<void> {
    return new Promise((resolve) => {
      const unsubscribe = this.#feed.subscribe(IDENTITIES_TOPIC, () => {
        unsubscribe()
        resolve()
      })
    })
  }
}
