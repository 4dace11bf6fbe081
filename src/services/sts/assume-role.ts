import { issueSession } from '../../access/issue-session.ts'
import { rolePrincipal } from '../../access/principals.ts'
import { admits } from '../../access/trust-policy.ts'
import type { AssumeRoleRequest, AssumeRoleResponse } from '../../model/generated/sts.ts'
import { notImplemented } from '../../wire/service-error.ts'
import type { DirectoryRole } from '../iam/facade.ts'
import type { RequestContext } from '../operation.ts'
import { mayNotAssume, validationError } from './errors.ts'
import { checkSessionPolicies } from './session-policies.ts'
import { shownCredentials } from './shown-credentials.ts'
import type { StsDeps } from './sts-deps.ts'

const DEFAULT_DURATION = 3600
/** Of a role that is assumed by a session of another role. */
const MAX_CHAINED_DURATION = 3600

const ROLE_ARN = /^arn:aws:iam::\d{12}:role\/.+$/s

/** Members that would change what the session may do, or prove who asks for it. */
const REFUSED = ['Tags', 'TransitiveTagKeys', 'SerialNumber', 'TokenCode', 'ProvidedContexts'] as const

export async function assumeRole(
  deps: StsDeps,
  input: AssumeRoleRequest,
  context: RequestContext,
): Promise<AssumeRoleResponse> {
  for (const member of REFUSED) {
    const value = input[member]
    if (value !== undefined && value.length > 0) throw notImplemented(`AssumeRole with ${member}`)
  }
  const { principal, now } = context
  if (!ROLE_ARN.test(input.RoleArn)) throw validationError(`${input.RoleArn} is invalid`)
  const role = await deps.iam.findRole(input.RoleArn)
  if (role === undefined || !isAdmitted(role, input, context)) throw mayNotAssume(principal, input.RoleArn)
  const duration = input.DurationSeconds ?? DEFAULT_DURATION
  if (duration > role.maxSessionDuration) {
    throw validationError('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.')
  }
  if (principal.kind === 'role' && duration > MAX_CHAINED_DURATION) {
    throw validationError(
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
    )
  }
  const policyArns = input.PolicyArns?.map((entry) => entry.arn ?? '')
  const packed = await checkSessionPolicies(deps.iam, role.account, input.Policy, policyArns)

  const session = rolePrincipal(role.account, role, input.RoleSessionName)
  const limits = { policy: input.Policy, policyArns, sourceIdentity: input.SourceIdentity }
  return {
    Credentials: shownCredentials(issueSession(deps.masterKey, session, now, duration, limits)),
    AssumedRoleUser: { AssumedRoleId: session.userId, Arn: session.arn },
    PackedPolicySize: packed,
    SourceIdentity: input.SourceIdentity,
  }
}

function isAdmitted(role: DirectoryRole, input: AssumeRoleRequest, { principal }: RequestContext): boolean {
  return admits(role.trustPolicy, {
    caller: principal,
    conditions: {
      'sts:externalid': input.ExternalId,
      'sts:rolesessionname': input.RoleSessionName,
      'sts:sourceidentity': input.SourceIdentity,
      'aws:principalarn': principal.roleArn ?? principal.arn,
      'aws:principalaccount': principal.account,
      'aws:userid': principal.userId,
      'aws:multifactorauthpresent': 'false',
    },
  })
}
