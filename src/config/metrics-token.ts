import { readFileSync } from 'node:fs'
import { StartError } from '../shared/start-error.ts'

/** The token that opens /metrics to other machines, from its file. Throws StartError. */
export function readMetricsToken(file: string): string {
  let token: string
  try {
    token = readFileSync(file, 'utf8').trim()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new StartError(`cannot read the token in ${file} (${code}); correct metrics.tokenFile`)
  }
  if (!/^[\x21-\x7e]{16,}$/.test(token))
    throw new StartError(`${file} must hold a token of 16 printable characters or more; correct metrics.tokenFile`)
  return token
}
