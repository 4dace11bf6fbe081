import type { SealedBox } from '../../../shared/sealed-box.ts'

const contextOf = (accessKeyId: string): string => `access-key/${accessKeyId}`

/** A secret access key as its row holds it. */
export const sealSecret = (box: SealedBox, accessKeyId: string, secret: string): string =>
  box.seal(secret, contextOf(accessKeyId))

/** Throws when the row was sealed under another master key. */
export function unsealSecret(box: SealedBox, accessKeyId: string, sealed: string): string {
  const secret = box.unseal(sealed, contextOf(accessKeyId))
  if (secret === undefined) throw new Error(`the secret of ${accessKeyId} was not sealed with this master key`)
  return secret
}
