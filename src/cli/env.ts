import type { Command } from './command.ts'
import { clientArguments } from './config-flags.ts'
import { rootCredentials, serverUrl } from './installation.ts'

export const env: Command = {
  help: `
Prints shell exports of AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION, for eval.

Usage: slipway env [--port P] [--data-dir DIR] [--json]

Examples:
  eval "$(slipway env)"
  python -c 'import boto3; print(boto3.client("sagemaker").list_endpoints())'
`,
  async run(args) {
    const { config, values } = clientArguments(args, { json: { type: 'boolean' } })
    const credentials = await rootCredentials(config)
    const variables = {
      AWS_ENDPOINT_URL: serverUrl(config, values.port !== undefined),
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_REGION: config.region,
      AWS_DEFAULT_REGION: config.region,
    }
    if (values.json) process.stdout.write(`${JSON.stringify(variables, undefined, 2)}\n`)
    else for (const [name, value] of Object.entries(variables)) process.stdout.write(`export ${name}=${quote(value)}\n`)
    return 0
  },
}

/** Quotes for a POSIX shell, only where needed. */
const quote = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)
