import { issueSession } from '../../access/issue-session.ts'
import { rolePrincipal } from '../../access/principals.ts'
import { trustSide } from '../../access/trust-policy.ts'
import type { AssumeRoleRequest, AssumeRoleResponse } from '../../model/generated/sts.ts'
import { notImplemented } from '../../wire/service-error.ts'
import type { AccessQuestion } from '../authorizer.ts'
import type { DirectoryRole } from '../iam/facade.ts'
import type { RequestContext } from '../operation.ts'
import { sourceIdentityKept, validationError } from './errors.ts'
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
  const sourceIdentity = keptSourceIdentity(input, context)
  const actions = sourceIdentity === undefined ? ['AssumeRole'] : ['AssumeRole', 'SetSourceIdentity']
  for (const action of actions) await deps.authorizer.require(toQuestion(action, role, sourceIdentity, input, context))
  // One that does not exist admits nobody, in the same words, so that nobody learns which roles do.
  if (role === undefined) throw new Error(`a role that does not exist was assumed: ${input.RoleArn}`)
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
  const limits = { policy: input.Policy, policyArns, sourceIdentity }
  return {
    Credentials: shownCredentials(issueSession(deps.masterKey, session, now, duration, limits)),
    AssumedRoleUser: { AssumedRoleId: session.userId, Arn: session.arn },
    PackedPolicySize: packed,
    SourceIdentity: sourceIdentity,
  }
}

/** @throws AccessDenied when the caller's session has another one */
function keptSourceIdentity(input: AssumeRoleRequest, { principal }: RequestContext): string | undefined {
  const kept = principal.session?.sourceIdentity
  if (kept !== undefined && input.SourceIdentity !== undefined && input.SourceIdentity !== kept)
    throw sourceIdentityKept()
  return kept ?? input.SourceIdentity
}

/** Both sides decide: the caller's policies and the role's trust policy. */
const toQuestion = (
  action: string,
  role: DirectoryRole | undefined,
  sourceIdentity: string | undefined,
  input: AssumeRoleRequest,
  { principal, origin }: RequestContext,
): AccessQuestion => ({
  principal,
  action: `sts:${action}`,
  resource: input.RoleArn,
  conditions: {
    'sts:externalid': input.ExternalId,
    'sts:rolesessionname': input.RoleSessionName,
    'sts:sourceidentity': sourceIdentity,
  },
  resourceSide: {
    account: input.RoleArn.split(':')[4]!,
    policies: trustSide(input.RoleArn, role?.trustPolicy),
    tags: async () => role?.tags ?? {},
  },
  origin,
})
