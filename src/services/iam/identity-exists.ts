import type { IamDeps } from './iam-deps.ts'

/** Whether there is the user or role that an ARN names, path and letter case included. */
export async function identityExists({ database }: Pick<IamDeps, 'database'>, arn: string): Promise<boolean> {
  const match = /^arn:aws:iam::(\d{12}):(user|role)(\/(?:.*\/)?)([^/]+)$/s.exec(arn)
  if (match === null) return false
  const [, account = '', kind, path = '', name = ''] = match
  const row = await database.query
    .selectFrom(kind === 'user' ? 'iam_users' : 'iam_roles')
    .select('name')
    .where('account', '=', account)
    .where('name_key', '=', name.toLowerCase())
    .where('path', '=', path)
    .executeTakeFirst()
  return row?.name === name
}
