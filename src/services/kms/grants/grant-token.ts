import type { SealedBox } from '../../../shared/sealed-box.ts'
import { badGrantToken } from '../errors.ts'

const CONTEXT = 'kms/grant-token'

/** Names a grant in a way that nobody can guess or forge. Each is another, and all of one grant are worth the same. */
export const issueGrantToken = (box: SealedBox, grantId: string): string => box.seal(grantId, CONTEXT)

/** @throws InvalidGrantTokenException */
export function grantOfToken(box: SealedBox, token: string): string {
  const grantId = box.unseal(token, CONTEXT)
  if (grantId === undefined) throw badGrantToken()
  return grantId
}

/**
 * Grants act at once here, so that a token adds nothing to its grant; but one that was never issued is refused.
 * @throws InvalidGrantTokenException
 */
export function requireGrantTokens(box: SealedBox, tokens: readonly string[] | undefined): void {
  for (const token of tokens ?? []) grantOfToken(box, token)
}
