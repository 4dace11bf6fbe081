import { createHash } from 'node:crypto'

/** S3 names an account by a canonical id of 64 hex digits; ours follows from the account's number. */
export const canonicalId = (account: string): string =>
  createHash('sha256').update(`slipway-canonical-user:${account}`).digest('hex')

/** The Owner element of lists. S3 shows no display names any more. */
export const owner = (account: string): { ID: string } => ({ ID: canonicalId(account) })

/** Who began an upload: an account by its canonical id, anybody else by ARN and name. */
export function initiator(arn: string): { ID: string; DisplayName?: string } {
  const root = /^arn:[^:]*:iam::(\d{12}):root$/.exec(arn)
  if (root !== null) return { ID: canonicalId(root[1]!) }
  return { ID: arn, DisplayName: arn.slice(arn.indexOf('/') + 1) }
}
