import type { IssuedSession } from '../../access/issue-session.ts'
import type { Credentials } from '../../model/generated/sts.ts'

export const shownCredentials = (session: IssuedSession): Credentials => ({
  AccessKeyId: session.accessKeyId,
  SecretAccessKey: session.secretAccessKey,
  SessionToken: session.sessionToken,
  Expiration: session.expiration,
})
