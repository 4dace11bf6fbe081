import { ACCOUNT, type Closeness, NOBODY, SELF } from '../policy/principal-names.ts'
import { type Attachment, type MatchSubject, matchStatement } from '../policy/statement-match.ts'
import type { AccessRequest, ApplicablePolicies, AttachedPolicy } from './access-request.ts'
import { ALLOWED, type Decision, type Denied, NOT_ALLOWED_BY, type PolicyType } from './decision.ts'
import { grantCloseness } from './grant.ts'

/**
 * Decides a request by the logic that the IAM User Guide ("Policy evaluation logic") and the KMS Developer Guide
 * ("Troubleshooting key access") document: what any policy denies is denied; what is left must be allowed, within an
 * account by the identity's side or the resource's, between accounts by both. See docs/access.md.
 */
export function evaluate(request: AccessRequest, policies: ApplicablePolicies): Decision {
  const subject = toSubject(request, policies)
  const { identity, boundary, session, resource } = policies
  const resourceType: PolicyType = resource?.rule === 'trust' ? 'trust' : 'resource'

  let byResource: Closeness = NOBODY
  if (resource !== undefined && !isOwnersBackDoor(request, subject.action, resource.rule)) {
    const found = scan(resource.policies, subject, 'resource', resourceType)
    if (typeof found === 'object') return found
    byResource = found
  }
  const byIdentity = scan(identity, subject, 'identity', 'identity')
  if (typeof byIdentity === 'object') return byIdentity
  const byBoundary = boundary === undefined ? SELF : scan([boundary], subject, 'identity', 'boundary')
  if (typeof byBoundary === 'object') return byBoundary
  const bySession = session === undefined ? SELF : scan(session, subject, 'identity', 'session')
  if (typeof bySession === 'object') return bySession

  let byGrant: Closeness = NOBODY
  for (const grant of resource?.grants ?? []) {
    byGrant = closer(byGrant, grantCloseness(grant, request, subject.action))
  }
  return conclude(request, resource?.rule, { byResource, byGrant, byIdentity, byBoundary, bySession })
}

export const toSubject = (request: AccessRequest, policies: ApplicablePolicies): MatchSubject => ({
  principal: request.principal,
  canonicalUserId: request.canonicalUserId,
  action: request.action.toLowerCase(),
  resource: request.resource,
  context: request.context,
  bounded: policies.boundary !== undefined,
})

/** The closest that any statement allows the subject, or the denial by the first that denies it. */
function scan(
  policies: readonly AttachedPolicy[],
  subject: MatchSubject,
  attachment: Attachment,
  policyType: PolicyType,
): Closeness | Denied {
  let allowed: Closeness = NOBODY
  for (const { policy, source } of policies) {
    if (policy.unreadable) return { allowed: false, explicit: true, policyType, by: { source, statement: undefined } }
    for (const statement of policy.about(subject.action)) {
      // Once it is allowed as closely as can be, only denials matter.
      if (statement.allows && allowed === SELF) continue
      const closeness = matchStatement(statement, subject, attachment)
      if (closeness === NOBODY) continue
      if (!statement.allows) return { allowed: false, explicit: true, policyType, by: { source, statement } }
      allowed = closer(allowed, closeness)
    }
  }
  return allowed
}

const closer = (one: Closeness, other: Closeness): Closeness => (one > other ? one : other)

interface Findings {
  readonly byResource: Closeness
  readonly byGrant: Closeness
  readonly byIdentity: Closeness
  readonly byBoundary: Closeness
  readonly bySession: Closeness
}

/** What follows when nothing denies. */
function conclude(request: AccessRequest, rule: string | undefined, findings: Findings): Decision {
  const { principal, resourceAccount } = request
  const { byResource, byGrant } = findings
  const onResource = NOT_ALLOWED_BY[rule === 'trust' ? 'trust' : 'resource']
  if (principal.kind === 'service' || principal.kind === 'anonymous') {
    return closer(byResource, byGrant) === NOBODY ? onResource : ALLOWED
  }
  if (resourceAccount !== '' && resourceAccount !== principal.account) {
    // The principal's own account has its say first: a policy of another can never speak for it. A grant can.
    const own = withinLimits(principal.kind === 'root', byGrant, findings)
    if (own !== ALLOWED) return own
    return closer(byResource, byGrant) === NOBODY ? onResource : ALLOWED
  }
  const named = closer(byResource, byGrant)
  if ((rule === 'key' || rule === 'trust') && named === NOBODY) return onResource
  return withinLimits(principal.kind === 'root', named, findings)
}

/**
 * The identity's side. Whom a resource's policy (or a grant) names as a user, session or everyone needs no more; whom
 * it names by role needs no policy of the role, but is held by boundary and session policies; an account that is named
 * passes the question on to the identity's own policies.
 */
function withinLimits(isRoot: boolean, named: Closeness, { byIdentity, byBoundary, bySession }: Findings): Decision {
  if (named === SELF || isRoot) return ALLOWED
  if (named <= ACCOUNT && byIdentity === NOBODY) return NOT_ALLOWED_BY.identity
  if (byBoundary === NOBODY) return NOT_ALLOWED_BY.boundary
  return bySession === NOBODY ? NOT_ALLOWED_BY.session : ALLOWED
}

const BACK_DOOR = new Set(['s3:getbucketpolicy', 's3:putbucketpolicy', 's3:deletebucketpolicy'])

/** S3 lets the root of a bucket's account repair a policy that shuts out everyone. */
const isOwnersBackDoor = ({ principal, resourceAccount }: AccessRequest, action: string, rule: string): boolean =>
  rule === 'bucket' && principal.kind === 'root' && principal.account === resourceAccount && BACK_DOOR.has(action)
