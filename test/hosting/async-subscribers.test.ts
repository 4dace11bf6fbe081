import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type HostingFixture, startHosting } from '../support/hosting.ts'
import { runClient } from '../support/python.ts'
import { lacksEngine } from '../support/shared-engine.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts'

describe.skipIf(lacksEngine('docker'))('results at subscribers of each protocol', () => {
  let hosting: HostingFixture
  let folder: TemporaryDirectory
  beforeAll(async () => {
    folder = await temporaryDirectory()
    const certificate = join(folder.path, 'certificate.pem')
    const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost']
    const files = ['-keyout', join(folder.path, 'key.pem'), '-out', certificate]
    await promisify(execFile)('openssl', [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      ...names,
      ...files,
    ])
    hosting = await startHosting('docker', {
      workers: 2,
      env: { SLIPWAY_SNS_ALLOWED_NETWORKS: '[127.0.0.0/8]', NODE_EXTRA_CA_CERTS: certificate },
    })
  })
  afterAll(async () => {
    await hosting?.stop()
    await folder?.remove()
  })

  it('come with boto3, raw and not, and signed as openssl finds right', { timeout: 120_000 }, async () => {
    const args = [hosting.image, folder.path]
    expect(await runClient('boto3/async_subscribers.py', hosting.slipway.env, args, 110_000)).toContain('ok')
  })
})
