import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { composeImage } from '../../../scripts/images/image.ts'
import { buildLayer } from '../../../scripts/images/layer.ts'
import { pushImage } from '../../../scripts/images/push-image.ts'
import { connectDocker, type DockerRuntime } from '../../../src/runtime/docker/connect-docker.ts'
import { silentLogger } from '../../../src/telemetry/log.ts'
import { eventually } from '../../support/eventually.ts'
import { ROLE, startLambdaService, type TestLambda } from '../../support/lambda-service.ts'
import { type Registry, startRegistry } from '../../support/registry.ts'
import { refused } from '../../support/s3-service.ts'
import { ENGINES, lacksEngine, sharedEngine } from '../../support/shared-engine.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

const INSTALLATION = `test-functions-${process.pid}`
const soon = () => AbortSignal.timeout(60_000)

/** Pushes an image whose program is the runtime client beside this file; its reference by digest. */
async function pushFunctionImage(registry: Registry): Promise<string> {
  const directory = await temporaryDirectory('slw-image-')
  try {
    const root = join(directory.path, 'root')
    await mkdir(join(root, 'usr/bin'), { recursive: true })
    const source = fileURLToPath(new URL('runtime-client.c', import.meta.url))
    await promisify(execFile)('gcc', [
      '-D_GNU_SOURCE',
      '-O2',
      '-static',
      '-s',
      '-o',
      join(root, 'usr/bin/function'),
      source,
    ])
    const layer = await buildLayer(root, join(directory.path, 'layer.tar.gz'))
    const image = composeImage([layer], { entrypoint: ['/usr/bin/function'], command: ['from-the-image'] })
    return await pushImage(image, { url: registry.url, repository: 'team/function' })
  } finally {
    await directory.remove()
  }
}

describe.each(ENGINES)('functions from images on %s', (kind) => {
  describe.skipIf(lacksEngine(kind))('', () => {
    let runtime: DockerRuntime
    let registry: Registry
    let lambda: TestLambda
    let ImageUri: string
    beforeAll(async () => {
      const engine = await sharedEngine(kind)
      runtime = await connectDocker({
        log: silentLogger,
        socket: engine.socket,
        installation: INSTALLATION,
        signal: soon(),
      })
      registry = await startRegistry({ auth: 'none' })
      ImageUri = await pushFunctionImage(registry)
      lambda = await startLambdaService({ runtime })
    })
    afterAll(async () => {
      await lambda?.stop()
      await runtime?.removeNetworks(soon())
      await runtime?.close()
      await registry?.stop()
    })
    const create = (name: string, more: object = {}) =>
      lambda.call('CreateFunction', {
        FunctionName: name,
        PackageType: 'Image',
        Role: ROLE,
        Code: { ImageUri },
        ...more,
      })
    const containers = () => runtime.listContainers({ 'io.slipway.lambda.function': 'yes' }, soon())

    test('answer, print into their log group, and stay warm', async () => {
      const digest = ImageUri.split('sha256:')[1]
      expect(
        await create('echo', { Environment: { Variables: { WORD: 'w' } }, ImageConfig: { Command: ['given'] } }),
      ).toMatchObject({
        PackageType: 'Image',
        CodeSha256: digest,
        ImageConfigResponse: { ImageConfig: { Command: ['given'] } },
      })
      expect((await lambda.invoke('echo', 'print')).answer).toEqual({
        event: 'print',
        argument: 'given',
        word: 'w',
        uid: 0,
      })
      expect((await lambda.invoke('echo', 1)).answer).toMatchObject({ event: 1 })
      expect(await containers()).toHaveLength(1)
      await eventually(async () => expect(await lambda.logOf('echo')).toContain('printed by the image'))
      await create('own-command')
      expect((await lambda.invoke('own-command')).answer).toMatchObject({ argument: 'from-the-image' })
      await lambda.call('DeleteFunction', { FunctionName: 'echo' })
      await lambda.call('DeleteFunction', { FunctionName: 'own-command' })
      await eventually(async () => expect(await containers()).toEqual([]))
    })

    test('that exit or hang fail like others, and leave nothing', async () => {
      await create('fails', { Timeout: 1 })
      expect((await lambda.invoke('fails', 'exit')).answer).toMatchObject({
        errorType: 'Runtime.ExitError',
        errorMessage: expect.stringContaining('exit status 9'),
      })
      expect((await lambda.invoke('fails', 'hang')).answer).toMatchObject({ errorType: 'Sandbox.Timedout' })
      await eventually(async () => expect(await containers()).toEqual([]))
    })

    test('that nobody has are refused with a sentence, as are references that may change', async () => {
      const missing = ImageUri.replace(/sha256:.*/, `sha256:${'0'.repeat(64)}`)
      await create('missing', { Code: { ImageUri: missing } })
      expect(await refused(lambda.invoke('missing'))).toMatchObject({
        code: 'ServiceException',
        message: expect.stringContaining('The container of the function cannot run'),
      })
      expect(await refused(create('tagged', { Code: { ImageUri: 'host/repository:tag' } }))).toMatchObject({
        code: 'InvalidParameterValueException',
        message: expect.stringContaining('by digest'),
      })
    })
  })
})

test('functions from images are refused without an engine', async () => {
  const lambda = await startLambdaService()
  const ImageUri = `localhost/f@sha256:${'0'.repeat(64)}`
  await lambda.call('CreateFunction', { FunctionName: 'f', PackageType: 'Image', Role: ROLE, Code: { ImageUri } })
  expect(await refused(lambda.invoke('f'))).toMatchObject({
    message: expect.stringContaining('need a container engine'),
  })
  await lambda.stop()
})
