import type { ContextValue } from '../../../access/policy/context-values.ts'
import type { SealedBox } from '../../../shared/sealed-box.ts'
import type { Database } from '../../../storage/database.ts'
import type { DenialRow } from '../../../storage/schema/denials.ts'
import { type AuthorizationMessage, openMessage } from './authorization-message.ts'
import type { DenialDetails } from './denial-details.ts'
import { findDenials } from './denial-store.ts'
import { remedyPlace } from './remedy-place.ts'
import { visibleTo } from './visible-details.ts'

interface DecodingDeps {
  readonly database: Database
  readonly masterKey: SealedBox
}

/**
 * What DecodeAuthorizationMessage answers for an encoded message or a request id: JSON in the form of AWS's, and the
 * member `considered` with each policy. Undefined for what is unknown, and for what is none of the account's business.
 */
export async function decodeMessage(
  { database, masterKey }: DecodingDeps,
  encoded: string,
  account: string,
): Promise<string | undefined> {
  const message = openMessage(masterKey, encoded)
  if (message === undefined && !REQUEST_ID.test(encoded)) return undefined
  const denials = await findDenials(database, message?.requestId ?? encoded.toLowerCase())
  const found =
    message === undefined
      ? denials.find(({ row }) => concerns(account, row.principal_account, row.resource_account))
      : denials.find(({ row }) => row.action === message.action && row.resource === message.resource)
  const essence = message ?? (found === undefined ? undefined : essenceOf(found.row))
  if (essence === undefined || !concerns(account, essence.principalAccount, essence.resourceAccount)) return undefined
  // In a flood an explanation is shared by many; only one's own says anything about this request.
  const own = found?.details?.requestId === essence.requestId ? visibleTo(account, found.details) : undefined
  return JSON.stringify(document(essence, own))
}

const REQUEST_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

const concerns = (account: string, ...accounts: readonly string[]): boolean =>
  account !== '' && accounts.includes(account)

type Essence = Omit<AuthorizationMessage, 'at' | 'principalId'> & { readonly principalId?: string }

const essenceOf = (row: DenialRow): Essence => ({
  requestId: row.request_id,
  principal: row.principal,
  principalAccount: row.principal_account,
  resourceAccount: row.resource_account,
  action: row.action,
  resource: row.resource,
  explicit: row.explicit !== 0,
})

function document(essence: Essence, details: DenialDetails | undefined) {
  return {
    allowed: false,
    explicitDeny: essence.explicit,
    matchedStatements: items(details === undefined ? [] : matchedStatements(details)),
    failures: items([]),
    context: {
      principal: {
        id: details?.principal.id ?? essence.principalId ?? '',
        name: essence.principal.slice(essence.principal.search(/[^/:]*$/)),
        arn: essence.principal,
      },
      action: essence.action,
      resource: essence.resource,
      conditions: items(
        Object.entries(details?.context ?? {}).map(([key, value]) => ({ key, values: valuesOf(value) })),
      ),
    },
    considered:
      details === undefined
        ? null
        : {
            policies: details.policies,
            grants: details.grants,
            remedies: details.remedies.map((remedy) => ({
              policy: remedyPlace(details, remedy),
              statement: remedy.statement,
            })),
            ...(details.obstacle !== undefined && { obstacle: details.obstacle }),
          },
  }
}

const items = <Item>(list: readonly Item[]) => ({ items: list })

const valuesOf = (value: unknown) => items(listOf(value).map((one) => ({ value: one })))

const listOf = (value: unknown): readonly string[] =>
  value === undefined ? [] : (Array.isArray(value) ? value : [value]).map(String)

/** The statements that are about the request, taken apart. */
const matchedStatements = ({ policies }: DenialDetails) =>
  policies
    .flatMap(({ statements }) => statements)
    .filter(({ outcome }) => outcome === 'matches')
    .map(({ sid, effect, text }) => {
      const parsed = parse(text)
      const conditions = (parsed.Condition ?? {}) as Readonly<Record<string, Readonly<Record<string, ContextValue>>>>
      return {
        statementId: sid ?? '',
        effect: effect.toUpperCase(),
        principals: items(principalsOf(parsed.Principal ?? parsed.NotPrincipal).map((value) => ({ value }))),
        principalGroups: items([]),
        actions: valuesOf(parsed.Action ?? parsed.NotAction),
        resources: valuesOf(parsed.Resource ?? parsed.NotResource),
        conditions: items(
          Object.entries(conditions).flatMap(([operator, keys]) =>
            Object.entries(keys).map(([key, value]) => ({ operator, key, values: valuesOf(value) })),
          ),
        ),
      }
    })

function parse(text: string | undefined): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text ?? '{}') as Readonly<Record<string, unknown>>
  } catch {
    // Policies are read more leniently than JSON.
    return {}
  }
}

const principalsOf = (principal: unknown): readonly string[] =>
  typeof principal === 'object' && principal !== null ? Object.values(principal).flatMap(listOf) : listOf(principal)
