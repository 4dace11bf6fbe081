import { requireAccountId } from './account-id.ts'
import type { Command } from './command.ts'
import { clientArguments } from './config-flags.ts'
import { rootCredentials } from './installation.ts'
import { printClientEnvironment } from './shell-exports.ts'

export const env: Command = {
  help: `
Prints shell exports of AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION, for eval.

Usage: slipway env [--account ID] [--port P] [--data-dir DIR] [--json]

Without --account they are those of the account that the first start has made, 123456789012.

Examples:
  eval "$(slipway env)"
  python -c 'import boto3; print(boto3.client("sagemaker").list_endpoints())'
  eval "$(slipway env --account 222222222222)"
`,
  async run(args) {
    const { config, values } = clientArguments(args, { json: { type: 'boolean' }, account: { type: 'string' } })
    const account = values.account === undefined ? undefined : requireAccountId(String(values.account))
    const credentials = await rootCredentials(config, account)
    printClientEnvironment(config, credentials, { portGiven: values.port !== undefined, json: values.json === true })
    return 0
  },
}
