import type { ResourcePolicies } from '../../access/evaluation/access-request.ts'
import { compileGrant } from '../../access/evaluation/grant.ts'
import type { Principal } from '../../access/principal.ts'
import type { KeyRow } from '../../storage/schema/kms.ts'
import type { AccessQuestion, RequestOrigin, ResourceSide } from '../authorizer.ts'
import type { EncryptionContext } from './cryptography/encryption-context.ts'
import { type Grant, grantTerms, readGrant } from './grants/grant.ts'
import { type KeyConditions, keyConditions } from './key-conditions.ts'
import { keyArn } from './keys/key-reference.ts'
import type { KmsDeps } from './kms-deps.ts'
import { parseTags } from './tags/tag-list.ts'

/** One use of a key that somebody wants to make. */
export interface KeyAccess {
  readonly key: KeyRow
  /** `kms:Decrypt`, `kms:ReEncryptFrom`, … */
  readonly action: string
  readonly principal: Principal
  readonly encryptionContext?: EncryptionContext
  /** The service that acts for the principal, as the name of the key that AWS manages for it: `s3`. */
  readonly via?: string
  /** The alias that the request calls the key by. */
  readonly alias?: string
  /** Condition keys that only this operation has. */
  readonly conditions?: KeyConditions
  readonly origin?: RequestOrigin
}

type AccessDeps = Pick<KmsDeps, 'database' | 'authorizer' | 'policies'>

/** What may be done with a key of another account at all. Source: "Cross-account use" of each operation in the API. */
const ACROSS_ACCOUNTS = new Set([
  'kms:CreateGrant',
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:GetKeyRotationStatus',
  'kms:ListGrants',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
  'kms:RevokeGrant',
])

/** A key that lets nobody in: what a stranger is told of one that is missing, and of what strangers can never do. */
export const CLOSED: ResourcePolicies = { rule: 'key', policies: [] }

/**
 * Resolves when a key may be used so. Its policy and its grants are asked, and with them whatever limits the principal:
 * this is the one place where the use of a key is decided.
 * @throws AccessDeniedException
 */
export async function requireKeyAccess(deps: AccessDeps, access: KeyAccess): Promise<void> {
  await deps.authorizer.require(await keyQuestion(deps, access))
}

/**
 * The grants through which a principal may do what `requireKeyAccess` has let it; undefined when it needs none, since
 * policies alone let it.
 */
export async function grantsBehind(deps: AccessDeps, access: KeyAccess): Promise<readonly Grant[] | undefined> {
  const question = await keyQuestion(deps, access)
  const { policies } = question.resourceSide
  if (policies === undefined) return undefined
  const withGrants = async (grants: ResourcePolicies['grants']) =>
    (
      await deps.authorizer.decide({
        ...question,
        resourceSide: { ...question.resourceSide, policies: { ...policies, grants } },
      })
    ).allowed
  if (await withGrants([])) return undefined
  const grants = await grantsOf(deps, access.key, access.principal)
  const allowed = await Promise.all(grants.map((grant) => withGrants([compileGrant(grantTerms(grant))])))
  return grants.filter((_grant, index) => allowed[index])
}

async function keyQuestion(
  deps: AccessDeps,
  access: KeyAccess,
): Promise<AccessQuestion & { readonly resourceSide: ResourceSide }> {
  const { key, action, principal, encryptionContext, origin } = access
  const open = key.account === principal.account || ACROSS_ACCOUNTS.has(action)
  const [policies, aliases] = await Promise.all([
    open ? keyResourcePolicies(deps, key, principal) : CLOSED,
    aliasesOf(deps, key),
  ])
  return {
    principal,
    action,
    resource: keyArn(key),
    conditions: keyConditions(access, aliases),
    encryptionContext,
    origin,
    resourceSide: { account: key.account, policies, tags: async () => tagsOf(key) },
  }
}

/** What a key itself has to say about a principal's requests, for the evaluation of policies. */
export async function keyResourcePolicies(
  deps: Pick<KmsDeps, 'database' | 'policies'>,
  key: KeyRow,
  principal: Principal,
): Promise<ResourcePolicies> {
  const grants = await grantsOf(deps, key, principal)
  return {
    rule: 'key',
    policies: [{ source: { id: keyArn(key), type: 'resource' }, policy: deps.policies.compile(key.policy) }],
    grants: grants.map((grant) => compileGrant(grantTerms(grant))),
  }
}

/** The grants on a key that may be about a principal. Read anew each time: one that is taken away acts at once. */
async function grantsOf(
  { database }: Pick<KmsDeps, 'database'>,
  key: KeyRow,
  principal: Principal,
): Promise<readonly Grant[]> {
  const rows = await database.query
    .selectFrom('kms_grants')
    .selectAll()
    .where('key_id', '=', key.key_id)
    .where('grantee', 'in', [...principalNames(principal)])
    .orderBy('grant_id')
    .execute()
  return rows.map(readGrant)
}

async function aliasesOf({ database }: Pick<KmsDeps, 'database'>, key: KeyRow): Promise<readonly string[]> {
  const rows = await database.query
    .selectFrom('kms_aliases')
    .select('name')
    .where('key_id', '=', key.key_id)
    .orderBy('name')
    .execute()
  return rows.map(({ name }) => name)
}

const tagsOf = (key: KeyRow): Readonly<Record<string, string>> =>
  Object.fromEntries(parseTags(key.tags).map(({ TagKey, TagValue }) => [TagKey, TagValue]))

/** By what names a grant may speak of a principal: its own, the role it is a session of, its whole account. */
const principalNames = (principal: Principal): readonly string[] => [
  principal.arn,
  ...(principal.roleArn === undefined ? [] : [principal.roleArn]),
  `arn:aws:iam::${principal.account}:root`,
]
