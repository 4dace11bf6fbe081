import type { Config } from '../config/schema.ts'
import type { RootCredentials } from '../services/iam/root-credentials.ts'
import { serverUrl } from './installation.ts'

/** Prints what points AWS clients at this server as the root of an account: exports for eval, or JSON. */
export function printClientEnvironment(
  config: Config,
  credentials: RootCredentials,
  { portGiven, json }: { readonly portGiven: boolean; readonly json: boolean },
): void {
  const variables = {
    AWS_ENDPOINT_URL: serverUrl(config, portGiven),
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_REGION: config.region,
    AWS_DEFAULT_REGION: config.region,
  }
  if (json) process.stdout.write(`${JSON.stringify(variables, undefined, 2)}\n`)
  else for (const [name, value] of Object.entries(variables)) process.stdout.write(`export ${name}=${quote(value)}\n`)
}

/** Quotes for a POSIX shell, only where needed. */
const quote = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)
