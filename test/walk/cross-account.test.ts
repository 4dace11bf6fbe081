import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pushImage } from '../../scripts/images/push-image.ts'
import { type HostingFixture, startHosting } from '../support/hosting.ts'
import { runClient } from '../support/python.ts'
import { ENGINES, lacksEngine } from '../support/shared-engine.ts'

const PROGRAM = fileURLToPath(new URL('../../bin/slipway', import.meta.url))
const ACCOUNTS = { R: '111111111111', T: '222222222222', D: '333333333333' }
const [ENGINE = 'docker'] = ENGINES.filter((kind) => !lacksEngine(kind))

/** The walk of docs/access.md: a registry account, a training account and a deploying account share one model. */
describe.skipIf(lacksEngine(ENGINE))('a model shared by three accounts', () => {
  let hosting: HostingFixture
  let env: Record<string, string>
  const run = async (command: string) =>
    JSON.parse(await runClient('boto3/cross_account.py', env, [command], 300_000)) as Record<string, string>

  beforeAll(async () => {
    hosting = await startHosting(ENGINE, { workers: 2, flags: ['--stop-containers'] })
    const { slipway } = hosting
    const accounts = await Promise.all(
      Object.entries(ACCOUNTS).map(async ([letter, account]) => {
        const { stdout } = await promisify(execFile)(PROGRAM, [
          'account',
          'create',
          account,
          '--data-dir',
          slipway.dataDir,
          '--json',
        ])
        return [letter, { account, ...(JSON.parse(stdout) as Record<string, string>) }] as const
      }),
    )
    env = { AWS_ENDPOINT_URL: slipway.url, ACCOUNTS: JSON.stringify(Object.fromEntries(accounts)) }
    const { repository = '', token = '' } = await run('prepare')
    const [username = '', password = ''] = Buffer.from(token, 'base64').toString().split(':')
    await pushImage(hosting.images.image(), {
      url: slipway.url,
      repository: repository.slice(repository.indexOf('/') + 1),
      tag: '1',
      credentials: { username, password },
    })
    await run('share')
  })
  afterAll(() => hosting?.stop())

  it('is registered by one, approved and deployed by another, and answers', async () => {
    expect(await run('walk')).toEqual({
      version: `arn:aws:sagemaker:us-east-1:${ACCOUNTS.R}:model-package/flowers/1`,
    })
  })

  it('stops at the very step that any missing permission is for, says which, and goes on when it is back', async () => {
    const said = await run('removals')
    expect(Object.keys(said).length).toBeGreaterThanOrEqual(14)
    expect(new Set(Object.values(said)).size).toBe(Object.keys(said).length)
  }, 300_000)
})
