import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import {
  AddTagsCommand,
  ConflictException,
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  CreateModelPackageCommand,
  CreateModelPackageGroupCommand,
  CreateTrainingJobCommand,
  DeleteEndpointCommand,
  DeleteEndpointConfigCommand,
  DeleteModelCommand,
  DeleteModelPackageCommand,
  DeleteModelPackageGroupCommand,
  DeleteTagsCommand,
  DescribeEndpointCommand,
  DescribeModelCommand,
  DescribeModelPackageCommand,
  ListTagsCommand,
  paginateListModelPackages,
  SageMakerClient,
  SageMakerServiceException,
  UpdateModelPackageCommand,
  waitUntilEndpointDeleted,
  waitUntilEndpointInService,
} from '@aws-sdk/client-sagemaker'
import {
  InvokeEndpointCommand,
  ModelError,
  SageMakerRuntimeClient,
  ValidationError,
} from '@aws-sdk/client-sagemaker-runtime'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clientConfig } from '../support/aws-sdk.ts'
import { type Slipway, startSlipway } from '../support/slipway.ts'

const ROLE = 'arn:aws:iam::123456789012:role/SageMakerExecutionRole'
const IMAGE = 'registry.example:5000/team/model:1'
const GROUP = 'Sdk-Group'
/** Names are in lower case in ARNs. */
const arn = (tail: string) => `arn:aws:sagemaker:us-east-1:123456789012:${tail.toLowerCase()}`

let slipway: Slipway
let sagemaker: SageMakerClient
let runtime: SageMakerRuntimeClient

beforeAll(async () => {
  slipway = await startSlipway()
  sagemaker = new SageMakerClient(clientConfig(slipway))
  runtime = new SageMakerRuntimeClient(clientConfig(slipway))
  const s3 = new S3Client({ ...clientConfig(slipway), forcePathStyle: true })
  await s3.send(new CreateBucketCommand({ Bucket: 'sagemaker-sdk-models' }))
  await s3.send(
    new PutObjectCommand({ Bucket: 'sagemaker-sdk-models', Key: 'model.tar.gz', Body: 'not looked into here' }),
  )
  s3.destroy()
})
afterAll(async () => {
  sagemaker?.destroy()
  runtime?.destroy()
  await slipway?.stop()
})

const caught = async (attempt: Promise<unknown>): Promise<SageMakerServiceException> => {
  const error = await attempt.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(Error)
  return error as SageMakerServiceException
}

describe('SageMaker with the AWS SDK for JavaScript', () => {
  it('registers, approves, pages and tags versions of a model', async () => {
    const made = await sagemaker.send(
      new CreateModelPackageGroupCommand({ ModelPackageGroupName: GROUP, Tags: [{ Key: 'team', Value: 'ml' }] }),
    )
    expect(made.ModelPackageGroupArn).toBe(arn(`model-package-group/${GROUP}`))
    for (let count = 0; count < 5; count++) {
      await sagemaker.send(
        new CreateModelPackageCommand({
          ModelPackageGroupName: GROUP,
          InferenceSpecification: {
            Containers: [{ Image: IMAGE, ModelDataUrl: 's3://sagemaker-sdk-models/model.tar.gz' }],
            SupportedContentTypes: ['text/csv'],
            SupportedResponseMIMETypes: ['text/csv'],
          },
          CustomerMetadataProperties: { round: String(count) },
        }),
      )
    }
    const first = arn(`model-package/${GROUP}/1`)
    await sagemaker.send(new UpdateModelPackageCommand({ ModelPackageArn: first, ModelApprovalStatus: 'Approved' }))
    const described = await sagemaker.send(new DescribeModelPackageCommand({ ModelPackageName: first }))
    expect(described).toMatchObject({
      ModelPackageVersion: 1,
      ModelApprovalStatus: 'Approved',
      ModelPackageStatus: 'Completed',
      CustomerMetadataProperties: { round: '0' },
    })
    expect(described.CreationTime).toBeInstanceOf(Date)
    const versions: (number | undefined)[] = []
    const pages = paginateListModelPackages({ client: sagemaker, pageSize: 2 }, { ModelPackageGroupName: GROUP })
    for await (const page of pages)
      for (const entry of page.ModelPackageSummaryList ?? []) versions.push(entry.ModelPackageVersion)
    expect([...versions].sort()).toEqual([1, 2, 3, 4, 5])

    const ResourceArn = made.ModelPackageGroupArn
    await sagemaker.send(new AddTagsCommand({ ResourceArn, Tags: [{ Key: 'a', Value: 'b' }] }))
    await sagemaker.send(new DeleteTagsCommand({ ResourceArn, TagKeys: ['team'] }))
    expect((await sagemaker.send(new ListTagsCommand({ ResourceArn }))).Tags).toEqual([{ Key: 'a', Value: 'b' }])
  })

  it('brings an endpoint into service, waits with the waiters, and deletes it', async () => {
    const ModelName = 'sdk-model'
    const container = {
      ModelPackageName: arn(`model-package/${GROUP}/1`),
      ImageConfig: { RepositoryAccessMode: 'Vpc' },
    } as const
    const VpcConfig = { SecurityGroupIds: ['sg-0123456789abcdef0'], Subnets: ['subnet-0123456789abcdef0'] }
    await sagemaker.send(
      new CreateModelCommand({ ModelName, ExecutionRoleArn: ROLE, Containers: [container], VpcConfig }),
    )
    expect((await sagemaker.send(new DescribeModelCommand({ ModelName }))).ModelArn).toBe(arn('model/sdk-model'))
    const name = { EndpointName: 'sdk-endpoint', EndpointConfigName: 'sdk-config' }
    const variant = { VariantName: 'v', ModelName, InstanceType: 'ml.m5.large', InitialInstanceCount: 1 } as const
    await sagemaker.send(new CreateEndpointConfigCommand({ ...name, ProductionVariants: [variant] }))
    await sagemaker.send(new CreateEndpointCommand(name))
    const wait = { client: sagemaker, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }
    expect((await waitUntilEndpointInService(wait, name)).state).toBe('SUCCESS')

    const invoked = await caught(
      runtime.send(new InvokeEndpointCommand({ ...name, Body: '1,2', ContentType: 'text/csv' })),
    )
    expect(invoked).toBeInstanceOf(ModelError)
    expect(invoked).toMatchObject({
      LogStreamArn: expect.stringContaining(name.EndpointName),
      OriginalMessage: expect.any(String),
    })
    expect(invoked.message).toMatch(/no container/i)

    await sagemaker.send(new DeleteEndpointCommand(name))
    expect((await waitUntilEndpointDeleted(wait, name)).state).toBe('SUCCESS')
    await sagemaker.send(new DeleteEndpointConfigCommand(name))
    await sagemaker.send(new DeleteModelCommand({ ModelName }))
  })

  it('throws errors by their names', async () => {
    const missing = await caught(sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'nobody' })))
    expect(missing).toBeInstanceOf(SageMakerServiceException)
    expect(missing).toMatchObject({
      name: 'ValidationException',
      message: `Could not find endpoint "${arn('endpoint/nobody')}".`,
      $fault: 'client',
      $metadata: { httpStatusCode: 400, requestId: expect.any(String) },
    })
    const full = await caught(sagemaker.send(new DeleteModelPackageGroupCommand({ ModelPackageGroupName: GROUP })))
    expect(full).toBeInstanceOf(ConflictException)
    const bad = await caught(sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'no good' })))
    expect(bad.message).toMatch(/^1 validation error detected: Value 'no good' at 'endpointName' failed/)
    const training = await caught(sagemaker.send(new CreateTrainingJobCommand({} as never)))
    expect([training.name, training.$metadata.httpStatusCode]).toEqual(['NotImplemented', 501])
    const invoked = await caught(runtime.send(new InvokeEndpointCommand({ EndpointName: 'nobody', Body: 'x' })))
    expect(invoked).toBeInstanceOf(ValidationError)
    expect(invoked.message).toBe('Endpoint nobody of account 123456789012 not found.')
    const signed = new SageMakerClient({
      ...clientConfig(slipway),
      credentials: { accessKeyId: 'A', secretAccessKey: 'b' },
    })
    expect((await caught(signed.send(new DescribeEndpointCommand({ EndpointName: 'e' })))).name).toBe(
      'UnrecognizedClientException',
    )
    signed.destroy()
  })

  it('cleans up', async () => {
    for (const version of [1, 2, 3, 4, 5])
      await sagemaker.send(
        new DeleteModelPackageCommand({ ModelPackageName: arn(`model-package/${GROUP}/${version}`) }),
      )
    await sagemaker.send(new DeleteModelPackageGroupCommand({ ModelPackageGroupName: GROUP }))
    const again = await caught(sagemaker.send(new DeleteModelPackageGroupCommand({ ModelPackageGroupName: GROUP })))
    expect(again.message).toMatch(/does not exist\.$/)
  })
})
