import { createHash } from 'node:crypto'
import type { Database, Statement } from '../../../storage/database.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { Scope } from '../resource-name.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { tokenReused } from './errors.ts'
import type { PackageKey } from './package-reference.ts'
import { lastVersion } from './package-store.ts'

/** For how many milliseconds a repeated request gets the answer of the first. */
const LIFETIME = 24 * 60 * 60 * 1000

/** A request that may be repeated, by the account that makes it. */
export interface TokenUse extends Scope {
  readonly operation: string
  readonly token: string
  readonly digest: string
}

/** Thrown out of the unit of work when the token has been used: the request is answered from the first one. */
class TokenUsed extends Error {
  override name = 'TokenUsed'
}

/** How the token of `input` is used; undefined when there is none. */
export function tokenUse(
  scope: Scope,
  operation: string,
  { ClientToken: token, ...request }: { readonly ClientToken?: string },
): TokenUse | undefined {
  if (token === undefined) return undefined
  const digest = createHash('sha256').update(canonical(request)).digest('hex')
  return { account: scope.account, region: scope.region, operation, token, digest }
}

/** JSON with the members of every object in one order. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  )

/** What a request is to make: of whose account it is, its owner says; `version` undefined is the next of its group. */
export interface TokenResult extends Scope {
  readonly key: string
  readonly version: number | undefined
}

/**
 * The package that the first request with this token made, for the same `owner` since it was the same request; undefined
 * when there was none.
 */
async function firstResult(
  database: Database,
  use: TokenUse,
  owner: Scope,
  now: number,
): Promise<PackageKey | undefined> {
  const { account, region, operation, token } = use
  const row = await database.query
    .selectFrom('sagemaker_client_tokens')
    .selectAll()
    .where('account', '=', account)
    .where('region', '=', region)
    .where('operation', '=', operation)
    .where('token', '=', token)
    .where('created_at', '>=', now - LIFETIME)
    .executeTakeFirst()
  if (row === undefined) return undefined
  if (row.request_digest !== use.digest) throw tokenReused(token)
  return { account: owner.account, region: owner.region, key: row.package_key, version: row.version }
}

/** The statements that remember the use. */
function rememberUse(database: Database, use: TokenUse, result: TokenResult, now: number): readonly Statement[] {
  const { account, region, operation, token, digest } = use
  const insert = database.query
    .insertInto('sagemaker_client_tokens')
    .values({
      account,
      region,
      operation,
      token,
      request_digest: digest,
      package_key: result.key,
      version: result.version ?? lastVersion(result, result.key),
      created_at: now,
    })
    .onConflict((conflict) => conflict.columns(['account', 'region', 'operation', 'token']).doNothing())
  return [
    statement(database.query.deleteFrom('sagemaker_client_tokens').where('created_at', '<', now - LIFETIME)),
    statement(
      insert,
      one(() => new TokenUsed()),
    ),
  ]
}

/**
 * Does the work of a request once. `commit` gets the statements that belong into its unit of work, before those that
 * need the token to be fresh; when the token was used before, also at the very same moment, nothing of the unit stays
 * and the key of the first result is returned.
 */
export async function onlyOnce(
  deps: SagemakerDeps,
  use: TokenUse | undefined,
  result: TokenResult,
  now: number,
  commit: (tokenStatements: readonly Statement[]) => Promise<PackageKey>,
): Promise<PackageKey> {
  if (use === undefined) return commit([])
  const { database } = deps
  const earlier = await firstResult(database, use, result, now)
  if (earlier !== undefined) return earlier
  try {
    return await commit(rememberUse(database, use, result, now))
  } catch (error) {
    const first = error instanceof TokenUsed ? await firstResult(database, use, result, now) : undefined
    if (first === undefined) throw error
    return first
  }
}
