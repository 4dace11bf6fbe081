import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { zipOf } from '../support/zip.ts'
import { type Calls, callsOf, type Document, element } from './calls.ts'

/*
 * What a fixture holds, and how it is looked at once a later version has opened it. A release that can hold more adds an
 * entry; fixtures that were made before have no facts of it, and are not asked.
 */

/** What `make` wants to have back in `check`: plain data. */
export type Facts = Readonly<Record<string, string>>

export interface Resource {
  make(root: Calls): Promise<Facts>
  check(root: Calls, facts: Facts): Promise<void>
}

const ACCOUNT = '123456789012'
const ROLE = `arn:aws:iam::${ACCOUNT}:role/SageMakerExecutionRole`
const BUCKET = 'kept-data'
const KEY = 'models/iris/model.tar.gz'
const IMAGE = `${ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/kept/model:1`
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'

/** Returns a variable that the master key has sealed. */
const CODE = "import os\ndef handler(event, context):\n    return {'user': os.environ['REGISTRY_USER']}\n"

const policy = (...Statement: readonly Document[]) => JSON.stringify({ Version: '2012-10-17', Statement })
const text = (length: number) => Array.from({ length }, (_, index) => `line ${index}\n`).join('')
const digestOf = (content: string) => `sha256:${createHash('sha256').update(content).digest('hex')}`
const model = (name: string) => ({ ModelName: name, ExecutionRoleArn: ROLE })

const SCALED = {
  ServiceNamespace: 'sagemaker',
  ResourceId: 'endpoint/kept-scaled/variant/v',
  ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
}

export const resources: Readonly<Record<string, Resource>> = {
  account: {
    make: async ({ query }) => ({ arn: element(await query('sts', 'GetCallerIdentity', {}), 'Arn') }),
    check: async ({ query }, { arn }) => {
      expect(element(await query('sts', 'GetCallerIdentity', {}), 'Arn')).toBe(arn)
    },
  },

  bucket: {
    make: async ({ s3 }) => {
      await s3('PUT', `/${BUCKET}`)
      await s3('PUT', `/${BUCKET}/${KEY}`, text(5_000))
      await s3('PUT', `/${BUCKET}/small`, 'small')
      return { digest: digestOf(text(5_000)) }
    },
    check: async ({ s3 }, { digest }) => {
      expect(digestOf((await s3('GET', `/${BUCKET}/${KEY}`)).text)).toBe(digest)
      expect((await s3('GET', `/${BUCKET}/small`)).text).toBe('small')
      expect((await s3('GET', `/${BUCKET}?list-type=2&prefix=models/`)).text).toContain(`<Key>${KEY}</Key>`)
      await s3('PUT', `/${BUCKET}/later`, 'written by a later version')
      expect((await s3('GET', `/${BUCKET}/later`)).text).toBe('written by a later version')
    },
  },

  /** Refused and allowed by policies that were written before anybody asked for them. */
  role: {
    make: async ({ query }) => {
      const trust = { Effect: 'Allow', Principal: { AWS: ACCOUNT }, Action: 'sts:AssumeRole' }
      await query('iam', 'CreateRole', { RoleName: 'Reader', AssumeRolePolicyDocument: policy(trust) })
      const read = { Effect: 'Allow', Action: 's3:GetObject', Resource: `arn:aws:s3:::${BUCKET}/models/*` }
      await query('iam', 'PutRolePolicy', { RoleName: 'Reader', PolicyName: 'Read', PolicyDocument: policy(read) })
      const look = { Effect: 'Allow', Action: 'sagemaker:Describe*', Resource: '*' }
      const made = await query('iam', 'CreatePolicy', { PolicyName: 'Look', PolicyDocument: policy(look) })
      const PolicyArn = element(made, 'Arn')
      await query('iam', 'AttachRolePolicy', { RoleName: 'Reader', PolicyArn })
      return { policy: PolicyArn, arn: `arn:aws:iam::${ACCOUNT}:role/Reader` }
    },
    check: async (root, { arn }) => {
      const session = await root.query('sts', 'AssumeRole', { RoleArn: arn!, RoleSessionName: 'upgrade' })
      const reader = callsOf({
        ...root.caller,
        accessKeyId: element(session, 'AccessKeyId'),
        secretAccessKey: element(session, 'SecretAccessKey'),
        sessionToken: element(session, 'SessionToken'),
      })
      await reader.s3('GET', `/${BUCKET}/${KEY}`)
      await expect(reader.s3('GET', `/${BUCKET}/small`)).rejects.toThrow(/403.*no identity-based policy allows/s)
      await expect(reader.s3('PUT', `/${BUCKET}/${KEY}`, 'other')).rejects.toThrow(/403.*s3:PutObject/s)
      await reader.json('sagemaker', 'DescribeModel', { ModelName: 'kept-model' })
      await expect(reader.json('sagemaker', 'DeleteModel', { ModelName: 'kept-model' })).rejects.toThrow(
        /AccessDeniedException.*sagemaker:DeleteModel/s,
      )
      await expect(reader.json('kms', 'ListKeys', {})).rejects.toThrow(/AccessDeniedException/)
    },
  },

  user: {
    make: async ({ query }) => {
      await query('iam', 'CreateUser', { UserName: 'ann', Path: '/team/' })
      const all = { Effect: 'Allow', Action: 'logs:*', Resource: '*' }
      await query('iam', 'PutUserPolicy', { UserName: 'ann', PolicyName: 'Logs', PolicyDocument: policy(all) })
      return {}
    },
    check: async (root) => {
      const key = await root.query('iam', 'CreateAccessKey', { UserName: 'ann' })
      const ann = callsOf({
        ...root.caller,
        accessKeyId: element(key, 'AccessKeyId'),
        secretAccessKey: element(key, 'SecretAccessKey'),
      })
      await ann.json('logs', 'DescribeLogGroups', {})
      await expect(ann.s3('GET', `/${BUCKET}/small`)).rejects.toThrow(/403/)
    },
  },

  logs: {
    make: async ({ json }) => {
      await json('logs', 'CreateLogGroup', { logGroupName: '/kept/group' })
      await json('logs', 'CreateLogStream', { logGroupName: '/kept/group', logStreamName: 'stream' })
      const logEvents = [{ timestamp: Date.now(), message: 'a line' }]
      await json('logs', 'PutLogEvents', { logGroupName: '/kept/group', logStreamName: 'stream', logEvents })
      return {}
    },
    check: async ({ json }) => {
      const { events } = await json('logs', 'FilterLogEvents', { logGroupName: '/kept/group' })
      expect(events).toMatchObject([{ logStreamName: 'stream', message: 'a line' }])
    },
  },

  function: {
    make: async ({ lambda }) => {
      const code = zipOf({ name: 'app.py', content: CODE })
      const { FunctionArn, CodeSha256 } = await lambda('POST', '', {
        FunctionName: 'kept-function',
        Runtime: 'python3.12',
        Role: ROLE,
        Handler: 'app.handler',
        Code: { ZipFile: Buffer.from(code).toString('base64') },
        Environment: { Variables: { REGISTRY_USER: 'puller' } },
      })
      return { arn: FunctionArn as string, digest: CodeSha256 as string }
    },
    check: async ({ lambda }, { arn, digest }) => {
      const { Configuration } = await lambda('GET', '/kept-function')
      expect(Configuration).toMatchObject({ FunctionArn: arn, CodeSha256: digest })
      expect(await lambda('POST', '/kept-function/invocations', {})).toEqual({ user: 'puller' })
    },
  },

  packages: {
    make: async ({ json }) => {
      await json('sagemaker', 'CreateModelPackageGroup', { ModelPackageGroupName: 'kept-group' })
      const Containers = [{ Image: IMAGE, ModelDataUrl: `s3://${BUCKET}/${KEY}` }]
      const { ModelPackageArn } = await json('sagemaker', 'CreateModelPackage', {
        ModelPackageGroupName: 'kept-group',
        ModelApprovalStatus: 'Approved',
        InferenceSpecification: {
          Containers,
          SupportedContentTypes: ['text/csv'],
          SupportedResponseMIMETypes: ['text/csv'],
        },
      })
      return { arn: ModelPackageArn as string }
    },
    check: async ({ json }, { arn }) => {
      expect(await json('sagemaker', 'DescribeModelPackage', { ModelPackageName: arn })).toMatchObject({
        ModelPackageArn: arn,
        ModelApprovalStatus: 'Approved',
        InferenceSpecification: { Containers: [{ ModelDataUrl: `s3://${BUCKET}/${KEY}` }] },
      })
      const next = await json('sagemaker', 'CreateModelPackage', { ModelPackageGroupName: 'kept-group' })
      expect(next.ModelPackageArn).toMatch(/\/\d+$/)
    },
  },

  model: {
    make: async ({ json, query }) => {
      const read = { Effect: 'Allow', Action: 's3:GetObject', Resource: `arn:aws:s3:::${BUCKET}/models/*` }
      const RoleName = 'SageMakerExecutionRole'
      await query('iam', 'PutRolePolicy', { RoleName, PolicyName: 'Kept', PolicyDocument: policy(read) })
      const PrimaryContainer = { Image: IMAGE, ModelDataUrl: `s3://${BUCKET}/${KEY}` }
      const { ModelArn } = await json('sagemaker', 'CreateModel', { ...model('kept-model'), PrimaryContainer })
      const variant = {
        VariantName: 'a',
        ModelName: 'kept-model',
        InstanceType: 'ml.m5.large',
        InitialInstanceCount: 2,
      }
      await json('sagemaker', 'CreateEndpointConfig', {
        EndpointConfigName: 'kept-config',
        ProductionVariants: [variant],
      })
      return { arn: ModelArn as string }
    },
    check: async ({ json }, { arn }) => {
      expect(await json('sagemaker', 'DescribeModel', { ModelName: 'kept-model' })).toMatchObject({
        ModelArn: arn,
        PrimaryContainer: { ModelDataUrl: `s3://${BUCKET}/${KEY}` },
      })
      expect(await json('sagemaker', 'DescribeEndpointConfig', { EndpointConfigName: 'kept-config' })).toMatchObject({
        ProductionVariants: [{ ModelName: 'kept-model', InitialInstanceCount: 2 }],
      })
    },
  },

  /** How an endpoint is scaled; that it has no containers is nothing to that. */
  scaling: {
    make: async ({ json }) => {
      const PrimaryContainer = { Image: IMAGE }
      await json('sagemaker', 'CreateModel', { ...model('kept-scaled'), PrimaryContainer })
      const variant = { VariantName: 'v', ModelName: 'kept-scaled', InstanceType: 'ml.m5.large' }
      await json('sagemaker', 'CreateEndpointConfig', {
        EndpointConfigName: 'kept-scaled',
        ProductionVariants: [{ ...variant, InitialInstanceCount: 2 }],
      })
      await json('sagemaker', 'CreateEndpoint', { EndpointName: 'kept-scaled', EndpointConfigName: 'kept-scaled' })
      await json('application-autoscaling', 'RegisterScalableTarget', { ...SCALED, MinCapacity: 1, MaxCapacity: 4 })
      const { PolicyARN } = await json('application-autoscaling', 'PutScalingPolicy', {
        ...{ ...SCALED, PolicyName: 'kept', PolicyType: 'TargetTrackingScaling' },
        TargetTrackingScalingPolicyConfiguration: {
          TargetValue: 70,
          PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
        },
      })
      return { arn: PolicyARN as string }
    },
    check: async ({ json }, { arn }) => {
      const { ServiceNamespace } = SCALED
      const ResourceIds = [SCALED.ResourceId]
      expect(
        await json('application-autoscaling', 'DescribeScalableTargets', { ServiceNamespace, ResourceIds }),
      ).toMatchObject({
        ScalableTargets: [{ ...SCALED, MinCapacity: 1, MaxCapacity: 4 }],
      })
      expect(await json('application-autoscaling', 'DescribeScalingPolicies', { ServiceNamespace })).toMatchObject({
        ScalingPolicies: [{ PolicyARN: arn, TargetTrackingScalingPolicyConfiguration: { TargetValue: 70 } }],
      })
    },
  },

  /** A scheduled action, and the tags of its target. */
  schedule: {
    make: async ({ json }) => {
      const EndpointName = 'kept-scheduled'
      const PrimaryContainer = { Image: IMAGE }
      await json('sagemaker', 'CreateModel', { ...model(EndpointName), PrimaryContainer })
      const variant = { VariantName: 'v', ModelName: EndpointName, InstanceType: 'ml.m5.large' }
      const ProductionVariants = [{ ...variant, InitialInstanceCount: 1 }]
      await json('sagemaker', 'CreateEndpointConfig', { EndpointConfigName: EndpointName, ProductionVariants })
      await json('sagemaker', 'CreateEndpoint', { EndpointName, EndpointConfigName: EndpointName })
      const target = { ...SCALED, ResourceId: `endpoint/${EndpointName}/variant/v` }
      const { ScalableTargetARN } = await json('application-autoscaling', 'RegisterScalableTarget', {
        ...{ ...target, MinCapacity: 1, MaxCapacity: 4, Tags: { team: 'kept' } },
      })
      await json('application-autoscaling', 'PutScheduledAction', {
        ...{ ...target, ScheduledActionName: 'kept', Schedule: 'cron(0 9 ? * MON-FRI *)', Timezone: 'Europe/Berlin' },
        ScalableTargetAction: { MinCapacity: 2 },
      })
      return { arn: ScalableTargetARN as string }
    },
    check: async ({ json }, { arn }) => {
      const { ServiceNamespace } = SCALED
      expect(await json('application-autoscaling', 'DescribeScheduledActions', { ServiceNamespace })).toMatchObject({
        ScheduledActions: [
          { ScheduledActionName: 'kept', Timezone: 'Europe/Berlin', Schedule: 'cron(0 9 ? * MON-FRI *)' },
        ],
      })
      expect(await json('application-autoscaling', 'ListTagsForResource', { ResourceARN: arn })).toEqual({
        Tags: { team: 'kept' },
      })
    },
  },

  /** A pipeline, and containers that are invoked by name. */
  line: {
    make: async ({ json }) => {
      const Containers = ['first', 'second'].map((ContainerHostname) => ({ ContainerHostname, Image: IMAGE }))
      const { ModelArn } = await json('sagemaker', 'CreateModel', {
        ...model('kept-line'),
        Containers,
        InferenceExecutionConfig: { Mode: 'Direct' },
      })
      return { arn: ModelArn as string }
    },
    check: async ({ json }, { arn }) => {
      expect(await json('sagemaker', 'DescribeModel', { ModelName: 'kept-line' })).toMatchObject({
        ModelArn: arn,
        Containers: [{ ContainerHostname: 'first' }, { ContainerHostname: 'second' }],
        InferenceExecutionConfig: { Mode: 'Direct' },
      })
    },
  },

  key: {
    make: async ({ json }) => {
      const { KeyMetadata } = await json('kms', 'CreateKey', { Description: 'kept' })
      const { Arn, KeyId } = KeyMetadata as { Arn: string; KeyId: string }
      await json('kms', 'CreateAlias', { AliasName: 'alias/kept', TargetKeyId: KeyId })
      const grant = { KeyId, GranteePrincipal: ROLE, Operations: ['Decrypt'] }
      const { GrantId } = await json('kms', 'CreateGrant', grant)
      const Plaintext = Buffer.from('kept secret').toString('base64')
      const { CiphertextBlob } = await json('kms', 'Encrypt', {
        KeyId,
        Plaintext,
        EncryptionContext: { of: 'fixture' },
      })
      return { arn: Arn, grant: GrantId as string, ciphertext: CiphertextBlob as string }
    },
    check: async ({ json }, { arn, grant, ciphertext }) => {
      const EncryptionContext = { of: 'fixture' }
      const { Plaintext, KeyId } = await json('kms', 'Decrypt', { CiphertextBlob: ciphertext, EncryptionContext })
      expect([Buffer.from(Plaintext as string, 'base64').toString(), KeyId]).toEqual(['kept secret', arn])
      const { Grants } = await json('kms', 'ListGrants', { KeyId: arn })
      expect(Grants).toMatchObject([{ GrantId: grant, Operations: ['Decrypt'] }])
      const described = await json('kms', 'DescribeKey', { KeyId: 'alias/kept' })
      expect(described.KeyMetadata).toMatchObject({ Arn: arn, KeyState: 'Enabled' })
    },
  },

  repository: {
    make: async ({ json }) => {
      const repositoryName = 'kept/model'
      await json('ecr', 'CreateRepository', { repositoryName })
      const push = async (content: string, mediaType: string) => {
        const { uploadId } = await json('ecr', 'InitiateLayerUpload', { repositoryName })
        const part = { repositoryName, uploadId, partFirstByte: 0, partLastByte: content.length - 1 }
        await json('ecr', 'UploadLayerPart', { ...part, layerPartBlob: Buffer.from(content).toString('base64') })
        const digest = digestOf(content)
        await json('ecr', 'CompleteLayerUpload', { repositoryName, uploadId, layerDigests: [digest] })
        return { mediaType, digest, size: content.length }
      }
      const config = await push('{"architecture":"amd64","os":"linux"}', 'application/vnd.oci.image.config.v1+json')
      const layers = [await push(text(2_000), 'application/vnd.oci.image.layer.v1.tar')]
      const imageManifest = JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config, layers })
      await json('ecr', 'PutImage', { repositoryName, imageManifest, imageTag: '1' })
      return { digest: digestOf(imageManifest), layer: layers[0]!.digest }
    },
    check: async ({ json }, { digest, layer }) => {
      const repositoryName = 'kept/model'
      const { images } = await json('ecr', 'BatchGetImage', { repositoryName, imageIds: [{ imageTag: '1' }] })
      expect(images).toMatchObject([{ imageId: { imageDigest: digest } }])
      const link = await json('ecr', 'GetDownloadUrlForLayer', { repositoryName, layerDigest: layer })
      expect(digestOf(await (await fetch(link.downloadUrl as string)).text())).toBe(layer)
    },
  },
  /** A message that waits, sealed with the master key, and a topic that reaches the queue. */
  topic: {
    make: async ({ json, query }) => {
      const { QueueUrl } = await json('sqs', 'CreateQueue', { QueueName: 'kept-queue', tags: { kept: 'yes' } })
      const arn = `arn:aws:sqs:us-east-1:${ACCOUNT}:kept-queue`
      const send = {
        Effect: 'Allow',
        Principal: { Service: 'sns.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: arn,
      }
      await json('sqs', 'SetQueueAttributes', { QueueUrl, Attributes: { Policy: policy(send) } })
      await json('sqs', 'SendMessage', { QueueUrl, MessageBody: 'kept message' })
      const topic = element(await query('sns', 'CreateTopic', { Name: 'kept-topic' }), 'TopicArn')
      const raw = { 'Attributes.entry.1.key': 'RawMessageDelivery', 'Attributes.entry.1.value': 'true' }
      await query('sns', 'Subscribe', { TopicArn: topic, Protocol: 'sqs', Endpoint: arn, ...raw })
      return { topic, path: new URL(QueueUrl as string).pathname }
    },
    check: async ({ json, query, caller }, { topic, path }) => {
      const QueueUrl = `${caller.url}${path}`
      const receive = async () => {
        const { Messages } = await json('sqs', 'ReceiveMessage', { QueueUrl, WaitTimeSeconds: 10 })
        const [{ Body, ReceiptHandle } = {}] = (Messages ?? []) as readonly Record<string, string>[]
        await json('sqs', 'DeleteMessage', { QueueUrl, ReceiptHandle })
        return Body
      }
      expect(await receive()).toBe('kept message')
      await query('sns', 'Publish', { TopicArn: topic as string, Message: 'published by a later version' })
      expect(await receive()).toBe('published by a later version')
      expect(await json('sqs', 'ListQueueTags', { QueueUrl })).toEqual({ Tags: { kept: 'yes' } })
    },
  },
}
