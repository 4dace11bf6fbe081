import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Slipway } from './slipway.ts'

const run = promisify(execFile)
const PROGRAM = fileURLToPath(new URL('../../bin/slipway', import.meta.url))

/** Makes another account and returns the server as its root sees it. */
export async function otherAccount(slipway: Slipway, account: string): Promise<Slipway> {
  const args = ['account', 'create', account, '--json', '--data-dir', slipway.dataDir]
  const env = JSON.parse((await run(PROGRAM, args)).stdout) as Record<string, string>
  return {
    ...slipway,
    account,
    accessKeyId: env.AWS_ACCESS_KEY_ID as string,
    secretAccessKey: env.AWS_SECRET_ACCESS_KEY as string,
    env: { ...slipway.env, ...env },
  }
}

/** What the Python clients read of another account, beside the environment of the first. */
export const otherEnvironment = ({ accessKeyId, secretAccessKey, account }: Slipway): Record<string, string> => ({
  OTHER_ACCOUNT: account,
  OTHER_ACCESS_KEY_ID: accessKeyId,
  OTHER_SECRET_ACCESS_KEY: secretAccessKey,
})
