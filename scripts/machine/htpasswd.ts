import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'

export interface Credentials {
  readonly username: string
  readonly password: string
}

/** A user name with a password made for this one occasion. */
export const newCredentials = (username: string): Credentials => ({
  username,
  password: randomBytes(12).toString('base64url'),
})

/** A line of an htpasswd file. The registry reads only bcrypt, which Node cannot make; the crypt(3) behind Perl can. */
export async function htpasswdLine({ username, password }: Credentials): Promise<string> {
  const salt = randomBytes(16).toString('hex').slice(0, 21)
  const script = 'print crypt($ENV{PASSWORD}, "\\$2y\\$05\\$" . $ENV{SALT} . "u")'
  const env = { ...process.env, PASSWORD: password, SALT: salt }
  const { stdout } = await promisify(execFile)('perl', ['-e', script], { env })
  return `${username}:${stdout}\n`
}
