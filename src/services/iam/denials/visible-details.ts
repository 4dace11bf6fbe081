import type { PolicyType } from '../../../access/evaluation/decision.ts'
import type { DenialDetails } from './denial-details.ts'

/**
 * What an account may see of a refusal: the policies of identities belong to the account of the principal, those of
 * the resource and its grants to the resource's owner. Neither learns what the other has written.
 */
export function visibleTo(account: string, details: DenialDetails): DenialDetails {
  const isPrincipals = account === details.principal.account
  const isOwners = account === details.resourceAccount
  const isVisible = (type: PolicyType) => (type === 'resource' || type === 'trust' ? isOwners : isPrincipals)
  const context = Object.entries(details.context).filter(
    ([key]) => (isPrincipals || !PRINCIPALS_KEYS.test(key)) && (isOwners || !OWNERS_KEYS.test(key)),
  )
  const { by, ...rest } = details
  return {
    ...rest,
    ...(by !== undefined && isVisible(details.policyType) && { by }),
    policies: details.policies.filter(({ policyType }) => isVisible(policyType)),
    grants: isOwners ? details.grants : [],
    context: Object.fromEntries(context),
  }
}

const PRINCIPALS_KEYS = /^aws:(PrincipalTag\/|SourceIdentity$|TokenIssueTime$|UserAgent$)/i
const OWNERS_KEYS = /^(?:(?:aws|ecr):ResourceTag\/|kms:ResourceAliases$)/i
