import {
  type Closeness,
  closenessOf,
  compilePrincipals,
  NOBODY,
  type PrincipalNames,
} from '../policy/principal-names.ts'
import type { AccessRequest } from './access-request.ts'

/** A KMS grant ready for evaluation. Grants only allow; what a policy denies stays denied. */
export interface Grant {
  readonly id: string
  readonly grantee: PrincipalNames
  /** Actions in lower case: `kms:decrypt`. */
  readonly actions: ReadonlySet<string>
  /** The context must be this, or contain this. Names are in lower case: KMS ignores their case here. */
  readonly contextEquals: ReadonlyMap<string, string> | undefined
  readonly contextSubset: ReadonlyMap<string, string> | undefined
}

export interface GrantTerms {
  readonly grantId: string
  /** An ARN of a user, role, session or account, or the DNS name of a service. */
  readonly granteePrincipal: string
  /** `Decrypt`, `GenerateDataKey`, … */
  readonly operations: readonly string[]
  readonly encryptionContextEquals?: Readonly<Record<string, string>>
  readonly encryptionContextSubset?: Readonly<Record<string, string>>
}

export function compileGrant(terms: GrantTerms): Grant {
  const type = terms.granteePrincipal.startsWith('arn:') ? 'AWS' : 'Service'
  return {
    id: terms.grantId,
    grantee: compilePrincipals(new Map([[type, [terms.granteePrincipal]]])),
    actions: new Set(terms.operations.map((operation) => `kms:${operation.toLowerCase()}`)),
    contextEquals: toMap(terms.encryptionContextEquals),
    contextSubset: toMap(terms.encryptionContextSubset),
  }
}

/** An empty constraint counts as none, as KMS has it. */
function toMap(pairs: Readonly<Record<string, string>> | undefined): ReadonlyMap<string, string> | undefined {
  const entries = Object.entries(pairs ?? {})
  return entries.length === 0 ? undefined : new Map(entries.map(([name, value]) => [name.toLowerCase(), value]))
}

/** These have no encryption context, so constraints are not about them. */
const UNCONSTRAINED = new Set(['kms:describekey', 'kms:retiregrant', 'kms:creategrant', 'kms:getpublickey'])

/** How closely a grant names who makes a request that it allows; `NOBODY` when it does not. */
export function grantCloseness(grant: Grant, request: AccessRequest, action: string): Closeness {
  if (!grant.actions.has(action)) return NOBODY
  const closeness = closenessOf(grant.grantee, request.principal)
  return closeness !== NOBODY && meetsConstraints(grant, request, action) ? closeness : NOBODY
}

export function meetsConstraints(grant: Grant, { encryptionContext }: AccessRequest, action: string): boolean {
  const { contextEquals, contextSubset } = grant
  if ((contextEquals === undefined && contextSubset === undefined) || UNCONSTRAINED.has(action)) return true
  const given = toMap(encryptionContext) ?? new Map<string, string>()
  // Two names that differ by case only would hide one another.
  if (given.size !== Object.keys(encryptionContext ?? {}).length) return false
  if (contextEquals !== undefined && !(given.size === contextEquals.size && contains(given, contextEquals)))
    return false
  return contextSubset === undefined || contains(given, contextSubset)
}

function contains(given: ReadonlyMap<string, string>, wanted: ReadonlyMap<string, string>): boolean {
  for (const [name, value] of wanted) if (given.get(name) !== value) return false
  return true
}
