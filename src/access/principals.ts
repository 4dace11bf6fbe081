import type { Principal } from './principal.ts'

export const rootPrincipal = (account: string, accessKeyId?: string): Principal => ({
  kind: 'root',
  account,
  arn: `arn:aws:iam::${account}:root`,
  userId: account,
  accessKeyId,
})

/** `path` begins and ends with a slash. */
export const userPrincipal = (
  account: string,
  user: { readonly path: string; readonly name: string; readonly id: string },
  accessKeyId?: string,
): Principal => ({
  kind: 'user',
  account,
  arn: `arn:aws:iam::${account}:user${user.path}${user.name}`,
  userId: user.id,
  accessKeyId,
})

/** A session of a role. Its ARN names the role without the path. */
export const rolePrincipal = (
  account: string,
  role: { readonly path: string; readonly name: string; readonly id: string },
  sessionName: string,
): Principal => ({
  kind: 'role',
  account,
  arn: `arn:aws:sts::${account}:assumed-role/${role.name}/${sessionName}`,
  userId: `${role.id}:${sessionName}`,
  roleArn: `arn:aws:iam::${account}:role${role.path}${role.name}`,
})

/** Whether temporary credentials of GetSessionToken sign: those of a user or root, as opposed to a role's. */
export const isOwnSession = ({ kind, session }: Principal): boolean =>
  session !== undefined && (kind === 'user' || kind === 'root')

/** A service that acts for itself. `name` is its DNS name: `sagemaker.amazonaws.com`. */
export const servicePrincipal = (name: string): Principal => ({ kind: 'service', account: '', arn: name, userId: name })

/** Someone who has not signed. */
export const anonymousPrincipal: Principal = { kind: 'anonymous', account: '', arn: '', userId: '' }
