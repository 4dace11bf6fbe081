import type { Principal } from '../../../access/principal.ts'
import type { SealedBox } from '../../../shared/sealed-box.ts'

/** As AWS has it: 12 hours. */
export const TOKEN_MILLISECONDS = 12 * 60 * 60 * 1000
/** The user name of every login; the password tells who it is. */
export const USER_NAME = 'AWS'

const CONTEXT = 'ecr-authorization/1'

/** What a registry login stands for. The token is its only copy: nothing is stored. */
interface Login {
  readonly principal: Principal
  /** Epoch milliseconds. */
  readonly expiration: number
}

/** The password of a registry login that acts as this principal. */
export const sealLogin = (box: SealedBox, login: Login): string => box.seal(JSON.stringify(login), CONTEXT)

/** Whose login a password is, expired or not; undefined when this server has not made it. */
export function openLogin(box: SealedBox, password: string): Login | undefined {
  const text = box.unseal(password, CONTEXT)
  return text === undefined ? undefined : (JSON.parse(text) as Login)
}
