import { type Caller, rawCall } from './api-call.ts'
import { type HostingFixture, ROLE } from './hosting.ts'

const ACCOUNT = '123456789012'
const REGION = 'us-east-1'

/** A request that has been accepted. */
export interface Accepted {
  readonly inferenceId: string
  /** Keys in the endpoint's bucket. */
  readonly output: string
  readonly failure: string
}

/** What matters to tests of a notification; one that tries the topic has no such id. */
export interface Told {
  readonly inferenceId?: string
  readonly invocationStatus?: 'Completed' | 'Failed'
  readonly failureReason?: string
}

/** An asynchronous endpoint with a bucket and a topic for both kinds of notifications, which a queue gets. */
export interface AsyncEndpoint {
  readonly name: string
  readonly bucket: string
  /** The ARN of the topic. */
  readonly topic: string
  /** Puts one request into the queue; undefined when the server was not there to answer. */
  send(
    inferenceId: string,
    request: {
      readonly body?: string
      readonly input?: string
      readonly type?: string
      /** Commands for the container. */
      readonly commands?: string
    },
  ): Promise<Accepted | undefined>
  /** The keys of all objects under the prefix. */
  keys(prefix: string): Promise<ReadonlySet<string>>
  /** Takes what notifications there are off the queue. */
  notifications(): Promise<readonly Told[]>
  scale(count: number): Promise<void>
}

/** Makes it and waits until it is in service. */
export async function deployAsync(
  hosting: HostingFixture,
  name: string,
  options: { readonly instances?: number; readonly maxConcurrency?: number } = {},
): Promise<AsyncEndpoint> {
  const { api } = hosting
  const bucket = `sagemaker-${name}`
  const call = (service: string, request: Parameters<typeof rawCall>[2]) => rawCall(hosting.slipway, service, request)
  const sqs = (operation: string, input: object) => callQueue(hosting.slipway, operation, input)
  const sns = async (parameters: Readonly<Record<string, string>>) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }
    const form = new URLSearchParams({ Version: '2010-03-31', ...parameters })
    const answer = await call('sns', { headers, body: form.toString() })
    if (answer.status !== 200) throw new Error(answer.text)
    return answer.text
  }
  await api.createBucket(bucket)
  const topic =
    /<TopicArn>(.*?)<\/TopicArn>/.exec(await sns({ Action: 'CreateTopic', Name: `sagemaker-${name}` }))?.[1] ?? ''
  const queueArn = `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`
  const Policy = JSON.stringify({
    Statement: [
      { Effect: 'Allow', Principal: { Service: 'sns.amazonaws.com' }, Action: 'sqs:SendMessage', Resource: queueArn },
    ],
  })
  await sqs('CreateQueue', { QueueName: name, Attributes: { Policy } })
  await sns({
    Action: 'Subscribe',
    TopicArn: topic,
    Protocol: 'sqs',
    Endpoint: queueArn,
    'Attributes.entry.1.key': 'RawMessageDelivery',
    'Attributes.entry.1.value': 'true',
  })
  await api.sagemaker('CreateModel', {
    ModelName: name,
    ExecutionRoleArn: ROLE,
    VpcConfig: { SecurityGroupIds: ['sg-0123456789abcdef0'], Subnets: ['subnet-0123456789abcdef0'] },
    PrimaryContainer: { Image: hosting.image, ImageConfig: { RepositoryAccessMode: 'Vpc' } },
  })
  const { instances = 1, maxConcurrency } = options
  await api.sagemaker('CreateEndpointConfig', {
    EndpointConfigName: name,
    ProductionVariants: [
      { VariantName: 'v', ModelName: name, InstanceType: 'ml.t2.medium', InitialInstanceCount: instances },
    ],
    AsyncInferenceConfig: {
      ...(maxConcurrency !== undefined && { ClientConfig: { MaxConcurrentInvocationsPerInstance: maxConcurrency } }),
      OutputConfig: {
        S3OutputPath: `s3://${bucket}/out`,
        S3FailurePath: `s3://${bucket}/fail`,
        NotificationConfig: { SuccessTopic: topic, ErrorTopic: topic },
      },
    },
  })
  await api.sagemaker('CreateEndpoint', { EndpointName: name, EndpointConfigName: name })
  const description = await hosting.settled(name, 60_000)
  if (description.EndpointStatus !== 'InService') throw new Error(JSON.stringify(description))
  return {
    name,
    bucket,
    topic,
    send: async (inferenceId, { body, input, type = 'text/plain', commands }) => {
      const headers = {
        'x-amzn-sagemaker-content-type': type,
        'x-amzn-sagemaker-inference-id': inferenceId,
        ...(commands !== undefined && { 'x-amzn-sagemaker-custom-attributes': commands }),
        ...(input !== undefined && { 'x-amzn-sagemaker-inputlocation': `s3://${bucket}/${input}` }),
      }
      const target = `/endpoints/${name}/async-invocations`
      const answer = await call('sagemaker', { target, headers, ...(body !== undefined && { body }) }).catch(
        () => undefined,
      )
      if (answer === undefined) return undefined
      if (answer.status !== 202) throw new Error(`${answer.status} ${answer.text}`)
      const key = (header: string) => answer.headers.get(header)?.replace(`s3://${bucket}/`, '') ?? ''
      return {
        inferenceId,
        output: key('x-amzn-sagemaker-outputlocation'),
        failure: key('x-amzn-sagemaker-failurelocation'),
      }
    },
    keys: async (prefix) => {
      const keys = new Set<string>()
      for (let after = ''; ; ) {
        const query = `list-type=2&prefix=${encodeURIComponent(prefix)}&start-after=${encodeURIComponent(after)}`
        const { text } = await call('s3', { method: 'GET', target: `/${bucket}?${query}` })
        const page = [...text.matchAll(/<Key>(.*?)<\/Key>/g)].map((match) => match[1] as string)
        for (const key of page) keys.add(key)
        if (page.length < 1_000) return keys
        after = page.at(-1) as string
      }
    },
    notifications: async () => (await asyncNotifications(hosting.slipway, name))(),
    scale: async (count) => {
      await api.sagemaker('UpdateEndpointWeightsAndCapacities', {
        EndpointName: name,
        DesiredWeightsAndCapacities: [{ VariantName: 'v', DesiredInstanceCount: count }],
      })
    },
  }
}

async function callQueue(server: Caller, operation: string, input: object): Promise<Record<string, unknown>> {
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${operation}` }
  const answer = await rawCall(server, 'sqs', { headers, body: JSON.stringify(input) })
  if (answer.status !== 200) throw new Error(`${operation}: ${answer.status} ${answer.text}`)
  return answer.json ?? {}
}

/** What takes the next notifications of an endpoint off its queue, at whichever server has it now. */
export async function asyncNotifications(server: Caller, name: string): Promise<() => Promise<readonly Told[]>> {
  const { QueueUrl } = await callQueue(server, 'GetQueueUrl', { QueueName: name })
  return async () => {
    const input = { QueueUrl, MaxNumberOfMessages: 10 }
    const { Messages = [] } = (await callQueue(server, 'ReceiveMessage', input)) as {
      Messages?: { Body: string; ReceiptHandle: string }[]
    }
    if (Messages.length === 0) return []
    const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }))
    await callQueue(server, 'DeleteMessageBatch', { QueueUrl, Entries })
    return Messages.map(({ Body }) => JSON.parse(Body) as Told)
  }
}
