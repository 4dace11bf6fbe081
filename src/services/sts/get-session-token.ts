import { issueSession } from '../../access/issue-session.ts'
import type { GetSessionTokenRequest, GetSessionTokenResponse } from '../../model/generated/sts.ts'
import type { RequestContext } from '../operation.ts'
import { mfaFailed, notWithSession } from './errors.ts'
import { shownCredentials } from './shown-credentials.ts'
import type { StsDeps } from './sts-deps.ts'

const DEFAULT_DURATION = 43_200
const ROOT_DURATION = 3_600

/** Temporary credentials of the caller's own identity. Those of the root last an hour at most. */
export async function getSessionToken(
  deps: StsDeps,
  input: GetSessionTokenRequest,
  { principal, now }: RequestContext,
): Promise<GetSessionTokenResponse> {
  // There are no MFA devices, so no code can be right.
  if (input.SerialNumber !== undefined || input.TokenCode !== undefined) throw mfaFailed()
  if (principal.kind === 'role' || principal.accessKeyId?.startsWith('ASIA')) throw notWithSession('GetSessionToken')
  const isRoot = principal.kind === 'root'
  const duration = Math.min(
    input.DurationSeconds ?? DEFAULT_DURATION,
    isRoot ? ROOT_DURATION : Number.POSITIVE_INFINITY,
  )
  return { Credentials: shownCredentials(issueSession(deps.masterKey, principal, now, duration)) }
}
