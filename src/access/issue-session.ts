import type { SealedBox } from '../shared/sealed-box.ts'
import { newAccessKeyId, newSecretAccessKey } from './access-key-id.ts'
import type { Principal } from './principal.ts'
import { type Session, sealSession } from './session-token.ts'

/** What narrows a session. */
export type SessionLimits = Pick<Session, 'policy' | 'policyArns' | 'sourceIdentity'>

export interface IssuedSession {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
  /** Epoch milliseconds. */
  readonly expiration: number
}

/** Makes temporary credentials for a principal. Nothing is stored: the token holds everything. */
export function issueSession(
  masterKey: SealedBox,
  principal: Principal,
  now: number,
  durationSeconds: number,
  limits: SessionLimits = {},
): IssuedSession {
  const accessKeyId = newAccessKeyId('ASIA', principal.account)
  const secretAccessKey = newSecretAccessKey()
  const expiration = now + durationSeconds * 1000
  const sessionToken = sealSession(masterKey, {
    accessKeyId,
    secretAccessKey,
    principal: { ...principal, accessKeyId },
    issuedAt: now,
    expiration,
    ...limits,
  })
  return { accessKeyId, secretAccessKey, sessionToken, expiration }
}
