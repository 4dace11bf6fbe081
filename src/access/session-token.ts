import type { SealedBox } from '../shared/sealed-box.ts'
import type { Principal } from './principal.ts'

/** Temporary credentials with all they stand for. The sealed token is their only copy: nothing is stored. */
export interface Session {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly principal: Principal
  /** Epoch milliseconds. */
  readonly issuedAt: number
  readonly expiration: number
  /** Narrow what the principal may do. */
  readonly policy?: string
  readonly policyArns?: readonly string[]
  readonly sourceIdentity?: string
}

const CONTEXT = 'session-token/1'

export const sealSession = (box: SealedBox, session: Session): string => box.seal(JSON.stringify(session), CONTEXT)

/** What a session token stands for, expired or not; undefined when this server has not made it. */
export function openSession(box: SealedBox, token: string): Session | undefined {
  const text = box.unseal(token, CONTEXT)
  return text === undefined ? undefined : (JSON.parse(text) as Session)
}
