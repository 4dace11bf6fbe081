import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pushImage } from '../../scripts/images/push-image.ts'
import { apiCall } from '../support/api-call.ts'
import { type HostingFixture, ROLE, startHosting } from '../support/hosting.ts'
import { openRegistry } from '../support/image-registry.ts'
import { ENGINES, lacksEngine } from '../support/shared-engine.ts'

describe.each(ENGINES)("images of the server's own registry, on %s", (kind) => {
  describe.skipIf(lacksEngine(kind))('are run', () => {
    let hosting: HostingFixture
    let uri: string
    let digest: string

    beforeAll(async () => {
      hosting = await startHosting(kind)
      const repository = await openRegistry(hosting.slipway, 'team/own')
      uri = repository.uri
      const pushed = await pushImage(hosting.images.image(), {
        url: hosting.slipway.url,
        repository: uri.slice(uri.indexOf('/') + 1),
        tag: '1',
        credentials: repository.credentials,
      })
      digest = pushed.slice(pushed.indexOf('@'))
    })
    afterAll(() => hosting?.stop())

    it.each([
      ['its repositoryUri', () => `${uri}:1`],
      ["ECR's host name", () => '123456789012.dkr.ecr.us-east-1.amazonaws.com/team/own:1'],
      ['a digest', () => `123456789012.dkr.ecr.us-east-1.amazonaws.com/team/own${digest}`],
    ])('by %s, as the execution role and without ImageConfig', async (by, image) => {
      const name = by.replace(/\W+/g, '-')
      const call = (operation: string, input: object) =>
        apiCall(hosting.slipway, 'sagemaker', `SageMaker.${operation}`, input)
      await call('CreateModel', { ModelName: name, ExecutionRoleArn: ROLE, PrimaryContainer: { Image: image() } })
      const variant = { VariantName: 'v', ModelName: name, InstanceType: 'ml.t2.medium', InitialInstanceCount: 1 }
      await call('CreateEndpointConfig', { EndpointConfigName: name, ProductionVariants: [variant] })
      await call('CreateEndpoint', { EndpointName: name, EndpointConfigName: name })
      const described = await hosting.settled(name)
      expect([described.EndpointStatus, described.FailureReason]).toEqual(['InService', undefined])
      expect(described.ProductionVariants?.[0]?.DeployedImages?.[0]?.ResolvedImage).toBe(`${uri}${digest}`)
      expect((await hosting.api.invoke(name, { body: 'hello' })).body).toBe('hello')
      await hosting.remove(name)
    })

    it('are refused beside others when they do not say that they listen where they are told', async () => {
      const containers = (...images: string[]) => ({
        ModelName: 'several',
        ExecutionRoleArn: ROLE,
        Containers: images.map((Image) => ({ Image })),
      })
      const call = (operation: string, input: object) =>
        apiCall(hosting.slipway, 'sagemaker', `SageMaker.${operation}`, input)
      const absent = `${uri}:absent`
      await expect(call('CreateModel', containers(absent, `${uri}:1`))).rejects.toThrow(
        `Your Ecr Image ${uri}:1 does not contain required com.amazonaws.sagemaker.capabilities.accept-bind-to-port=true Docker label(s).`,
      )
      // Of one that is not there yet nothing is known.
      await call('CreateModel', containers(absent, absent))
      await call('DeleteModel', { ModelName: 'several' })
    })

    it('fails for an image that is not there, with a reason', async () => {
      const name = 'absent'
      const call = (operation: string, input: object) =>
        apiCall(hosting.slipway, 'sagemaker', `SageMaker.${operation}`, input)
      await call('CreateModel', {
        ModelName: name,
        ExecutionRoleArn: ROLE,
        PrimaryContainer: { Image: `${uri}:absent` },
      })
      const variant = { VariantName: 'v', ModelName: name, InstanceType: 'ml.t2.medium', InitialInstanceCount: 1 }
      await call('CreateEndpointConfig', { EndpointConfigName: name, ProductionVariants: [variant] })
      await call('CreateEndpoint', { EndpointName: name, EndpointConfigName: name })
      const { EndpointStatus, FailureReason } = await hosting.settled(name)
      expect(EndpointStatus).toBe('Failed')
      expect(FailureReason).toContain('Please make sure all images included in the model')
      await hosting.remove(name)
    })
  })
})
