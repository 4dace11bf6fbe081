import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pushImage } from '../../scripts/images/push-image.ts'
import { type Registry, startRegistry } from '../support/registry.ts'
import { lacksEngine, sharedEngine } from '../support/shared-engine.ts'
import { type Slipway, startSlipway } from '../support/slipway.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts'
import { buildTestImages, type TestImages } from '../support/test-image.ts'

const run = promisify(execFile)
/** Made by `make test-all`: the SDK brings 300 MB with it, too much for every run. */
const PYTHON = fileURLToPath(new URL('../../.venv/sagemaker-sdk/bin/python', import.meta.url))
const PROGRAM = fileURLToPath(new URL('sagemaker-sdk/deploy.py', import.meta.url))

describe.skipIf(!existsSync(PYTHON) || lacksEngine('docker'))('the sagemaker Python SDK', () => {
  let images: TestImages
  let registry: Registry
  let slipway: Slipway
  let directory: TemporaryDirectory

  beforeAll(async () => {
    const engine = await sharedEngine('docker')
    images = await buildTestImages('sagemaker-sdk')
    registry = await startRegistry({ auth: 'basic' })
    directory = await temporaryDirectory()
    const { url, host, credentials } = registry
    await pushImage(images.image(), { url, repository: 'team/model', tag: '1', ...(credentials && { credentials }) })
    const passwordFile = join(directory.path, 'password')
    await writeFile(passwordFile, `${credentials?.password}\n`)
    const config = join(directory.path, 'slipway.yaml')
    await writeFile(
      config,
      JSON.stringify({ registries: { [host]: { username: credentials?.username, passwordFile } } }),
    )
    slipway = await startSlipway({
      runtime: 'docker',
      engineSocket: engine.socket,
      flags: ['--config', config, '--stop-containers'],
    })
  })
  afterAll(async () => {
    await slipway?.stop()
    await registry?.stop()
    await images?.remove()
    await directory?.remove()
  })

  it('registers, deploys from a registry of the configuration, predicts and deletes', {
    timeout: 300_000,
  }, async () => {
    const env = { PATH: process.env.PATH, HOME: directory.path, ...slipway.env, IMAGE: `${registry.host}/team/model:1` }
    const { stdout } = await run(PYTHON, [PROGRAM], { env, timeout: 290_000 }).catch((error) => {
      throw new Error(`${error.message}\n${error.stdout}\nserver: ${slipway.process.output()}`)
    })
    const last = stdout.trim().split('\n').at(-1) ?? ''
    expect(JSON.parse(last)).toEqual({
      version: 'arn:aws:sagemaker:us-east-1:123456789012:model-package/sdk-python/1',
      sdk: expect.stringMatching(/^2\./),
    })
    expect(slipway.process.output()).not.toContain(registry.credentials?.password)
  })
})
