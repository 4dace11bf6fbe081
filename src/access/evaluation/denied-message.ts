import type { AccessRequest } from './access-request.ts'
import type { Denied, PolicyType } from './decision.ts'

const NO_POLICY: Readonly<Record<PolicyType, string>> = {
  identity: 'no identity-based policy',
  resource: 'no resource-based policy',
  trust: 'no role trust policy',
  boundary: 'no permissions boundary',
  session: 'no session policy',
}

const DENYING_POLICY: Readonly<Record<PolicyType, string>> = {
  identity: 'an identity-based policy',
  resource: 'a resource-based policy',
  trust: 'the role trust policy',
  boundary: 'a permissions boundary',
  session: 'a session policy',
}

/** AWS's sentence for a denial ("Troubleshoot access denied error messages", IAM User Guide). */
export function deniedMessage(
  { principal, action, resource }: Pick<AccessRequest, 'principal' | 'action' | 'resource'>,
  denied: Pick<Denied, 'explicit' | 'policyType'>,
): string {
  const user = principal.kind === 'anonymous' ? 'anonymous' : principal.arn
  return `User: ${user} is not authorized to perform: ${action}${onResource(action, resource)} ${deniedReason(action, denied)}`
}

/** The part of the sentence that says why. */
export const deniedReason = (
  action: string,
  { explicit, policyType }: Pick<Denied, 'explicit' | 'policyType'>,
): string =>
  explicit
    ? `with an explicit deny in ${DENYING_POLICY[policyType]}`
    : `because ${NO_POLICY[policyType]} allows the ${action} action`

/** S3 puts a resource into quotes, and leaves out what is about no bucket. */
function onResource(action: string, resource: string): string {
  if (!action.startsWith('s3:')) return ` on resource: ${resource}`
  return resource === 'arn:aws:s3:::*' || resource === '*' ? '' : ` on resource: "${resource}"`
}
