import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { constantLoad } from '../support/constant-load.ts'
import { eventually } from '../support/eventually.ts'
import { type HostingFixture, startHosting } from '../support/hosting.ts'
import { ENGINES, lacksEngine } from '../support/shared-engine.ts'

const who = (name: string, more: Readonly<Record<string, string>> = {}) => ({ Environment: { WHO: name, ...more } })
const named = (ContainerHostname: string, more: Readonly<Record<string, string>> = {}) => ({
  ContainerHostname,
  ...who(ContainerHostname, more),
})

const COMMANDS = 'text/x-commands'

for (const kind of ENGINES) {
  describe.skipIf(lacksEngine(kind))(`several containers on ${kind}`, () => {
    let hosting: HostingFixture
    beforeAll(async () => {
      hosting = await startHosting(kind, { workers: 2 })
    })
    afterAll(() => hosting?.stop())

    const running = async (name: string) => (await hosting.containers(name)).filter((container) => container.running)
    const streams = async (endpoint: string) => {
      const { logStreams } = await hosting.api.logs('DescribeLogStreams', {
        logGroupName: `/aws/sagemaker/Endpoints/${endpoint}`,
      })
      return (logStreams as { logStreamName: string }[]).map(({ logStreamName }) => logStreamName.split('/')[2]).sort()
    }

    it('are a pipeline: what one answers is the request of the next', async () => {
      const description = await hosting.deploy('line', { containers: [who('one'), who('two'), who('three')] })
      const images = description.ProductionVariants?.[0]?.DeployedImages ?? []
      expect(images).toHaveLength(3)
      expect(images.every(({ ResolvedImage }) => /team\/stage@sha256:[0-9a-f]{64}$/.test(ResolvedImage))).toBe(true)
      expect(await hosting.api.invoke('line')).toMatchObject({ status: 200, body: 'hello', type: 'text/plain' })
      // Each is told what to do by what the one before it answers.
      const env = await hosting.api.invoke('line', { type: COMMANDS, body: `body=env;type=${COMMANDS}` })
      expect(JSON.parse(env.body)).toContain('WHO=two')
      const ports = JSON.parse(env.body).filter((entry: string) => entry.startsWith('SAGEMAKER_BIND_TO_PORT'))
      expect(ports).toEqual(['SAGEMAKER_BIND_TO_PORT=8081'])
      const headers = await hosting.api.invoke('line', {
        type: COMMANDS,
        body: `body=headers;type=${COMMANDS}`,
      })
      expect(headers.body.toLowerCase()).toContain(COMMANDS)
      const refused = await hosting.api.invoke('line', { type: COMMANDS, body: `body=status=400;type=${COMMANDS}` })
      expect(refused.status).toBe(424)
      expect(JSON.parse(refused.body)).toMatchObject({
        OriginalStatusCode: 400,
        ErrorCode: 'CLIENT_ERROR_FROM_MODEL',
        Message: expect.stringContaining('Received client error (400) from container_2 with message "'),
      })
      const large = await hosting.api.invoke('line', { type: COMMANDS, body: 'size=5242881;type=a/b' })
      expect(large.status).toBe(424)
      expect(JSON.parse(large.body).Message).toContain(
        'Received response from container_1 with status code 200. However, the request payload from container_1 to container_2 is 5242881 bytes, which has exceeded the maximum limit of 5 MB.',
      )
      expect(await hosting.api.invoke('line', { type: COMMANDS, body: 'size=5242880;type=a/b' })).toMatchObject({
        status: 200,
        type: 'a/b',
      })
      const direct = await hosting.api.invoke('line', { container: 'container_1' })
      expect(direct.status).toBe(400)
      await eventually(async () => expect(await streams('line')).toEqual(['container_1', 'container_2', 'container_3']))
      await hosting.remove('line')
      expect(await hosting.containers('line')).toEqual([])
    })

    it('are asked by name when the model says Direct', async () => {
      await hosting.deploy('direct', { containers: [named('alpha'), named('beta')], mode: 'Direct' })
      for (const container of ['alpha', 'beta']) {
        const { status, body } = await hosting.api.invoke('direct', { container, commands: 'env' })
        expect(status).toBe(200)
        expect(JSON.parse(body)).toContain(`WHO=${container}`)
        const hostname = await hosting.api.invoke('direct', { container, commands: 'file=/etc/hostname' })
        expect(hostname.body.trim()).toBe(container)
      }
      const failed = await hosting.api.invoke('direct', { container: 'beta', commands: 'status=500;body=no' })
      expect(JSON.parse(failed.body).Message).toContain('Received server error (500) from beta with message "no".')
      for (const [container, sentence] of [
        [undefined, 'TargetContainerHostname must be specified'],
        ['gamma', 'Container gamma was not found in endpoint direct.'],
        ['not a name', 'failed to satisfy constraint'],
      ] as const) {
        const answer = await hosting.api.invoke('direct', container === undefined ? {} : { container })
        expect(answer.status).toBe(400)
        expect(JSON.parse(answer.body).Message).toContain(sentence)
      }
      await eventually(async () => expect(await streams('direct')).toEqual(['alpha', 'beta']))
      await hosting.remove('direct')
    })

    it('are replaced together when one of them dies, and the endpoint stays in service', async () => {
      await hosting.deploy('frail', { containers: [who('one'), who('two')], instances: 2 })
      const before = await running('frail')
      expect(before).toHaveLength(4)
      const victim = before[0]
      const instance = victim?.labels['io.slipway.instance']
      const load = constantLoad(hosting.api, 'frail', 2)
      await load.answered(5)
      await hosting.kill(victim?.id ?? '')
      await eventually(async () => {
        const now = await running('frail')
        expect(now).toHaveLength(4)
        expect(now.map(({ labels }) => labels['io.slipway.instance'])).not.toContain(instance)
      }, 40_000)
      await load.answered(5)
      const { failed } = await load.stop()
      // Only what was with the killed container, or on its way to it, is lost.
      expect(failed.length).toBeLessThanOrEqual(4)
      expect((await hosting.describe('frail')).EndpointStatus).toBe('InService')
      const crashed = await hosting.api.invoke('frail', { type: COMMANDS, body: `body=crash=4;type=${COMMANDS}` })
      expect(crashed.status).toBe(424)
      expect(JSON.parse(crashed.body).Message).toContain(
        'from container_2 and could not load the entire response body.',
      )
      await eventually(async () => expect(await running('frail')).toHaveLength(4), 40_000)
      await hosting.remove('frail')
    })

    it('are adopted one by one by the next server', async () => {
      await hosting.deploy('kept', { containers: [who('one'), who('two'), who('three')] })
      const before = (await running('kept')).map(({ id }) => id).sort()
      await hosting.restart('SIGKILL')
      await eventually(async () => expect((await hosting.api.invoke('kept')).status).toBe(200))
      expect((await running('kept')).map(({ id }) => id).sort()).toEqual(before)
      await hosting.remove('kept')
    })

    it('go on where a start was interrupted: what runs stays, what is missing is started', async () => {
      const slow = { START_DELAY_MS: '4000' }
      await hosting.create('cut', { containers: [who('one'), who('two', slow), who('three', slow)] })
      await eventually(async () => expect(await running('cut')).toHaveLength(3), 20_000)
      const [first, second, third] = await running('cut')
      await hosting.restart('SIGKILL')
      const description = await hosting.settled('cut')
      expect(description.EndpointStatus).toBe('InService')
      expect((await running('cut')).map(({ id }) => id).sort()).toEqual([first?.id, second?.id, third?.id].sort())
      expect((await hosting.api.invoke('cut')).body).toBe('hello')
      await hosting.remove('cut')
    })

    it('fail together, and the reason names all that do not answer', async () => {
      const bad = { EXIT_AT_START: '3' }
      await hosting.create('bad', { containers: [named('good'), named('ill', bad), named('sick', bad)] })
      const description = await hosting.settled('bad', 60_000)
      expect(description.EndpointStatus).toBe('Failed')
      expect(description.FailureReason).toContain(
        'The ill, sick containers for production variant v0 did not pass the ping health check.',
      )
      expect(description.FailureReason).toContain('ill: The container ended with exit code 3.')
      await eventually(async () => expect(await hosting.containers('bad')).toEqual([]))
      await hosting.remove('bad')
    })

    it('need images that listen where they are told', async () => {
      await hosting.create('mute', { containers: [who('one'), who('two')], image: hosting.image })
      const description = await hosting.settled('mute')
      expect(description).toMatchObject({
        EndpointStatus: 'Failed',
        FailureReason: `Your Ecr Image ${hosting.image} does not contain required com.amazonaws.sagemaker.capabilities.accept-bind-to-port=true Docker label(s).`,
      })
      await hosting.remove('mute')
    })

    it('may be fifteen', async () => {
      await hosting.deploy('long', { containers: Array.from({ length: 15 }, (_, index) => who(`c${index}`)) })
      expect(await running('long')).toHaveLength(15)
      expect(await hosting.api.invoke('long', { body: 'x'.repeat(1_000_000) })).toMatchObject({
        status: 200,
        body: 'x'.repeat(1_000_000),
      })
      await hosting.remove('long')
      expect(await hosting.containers('long')).toEqual([])
    })

    it('are exchanged by an update without the loss of one request', async () => {
      await hosting.deploy('swap', { name: 'v', containers: [who('old'), who('old')], instances: 2 })
      const load = constantLoad(hosting.api, 'swap')
      await load.answered(10)
      await hosting.update('swap', 'swap-next', {}, { name: 'v', containers: [who('new'), who('new'), who('new')] })
      const description = await hosting.atRest('swap')
      expect(description).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: 'swap-next' })
      expect(description.ProductionVariants?.[0]?.DeployedImages).toHaveLength(3)
      await load.answered(10)
      const { failed } = await load.stop()
      expect(failed).toEqual([])
      await eventually(async () => expect(await running('swap')).toHaveLength(3))
      await hosting.remove('swap')
    })
  })
}
