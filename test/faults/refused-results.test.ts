import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rawCall } from '../support/api-call.ts'
import { type AsyncEndpoint, deployAsync, type Told } from '../support/async-endpoint.ts'
import { eventually } from '../support/eventually.ts'
import { type HostingFixture, ROLE, startHosting } from '../support/hosting.ts'
import { openQueueRows, type QueueRows } from '../support/queue-rows.ts'
import { lacksEngine } from '../support/shared-engine.ts'

const md5 = (text: string) => createHash('md5').update(text).digest('base64')
const PROGRAM = fileURLToPath(new URL('../../bin/slipway', import.meta.url))

describe.skipIf(lacksEngine('docker'))('results that are refused while requests wait and are worked on', () => {
  let hosting: HostingFixture
  let endpoint: AsyncEndpoint
  let rows: QueueRows
  let tries = 0
  const told: Told[] = []
  beforeAll(async () => {
    hosting = await startHosting('docker', {
      env: { SLIPWAY_METRICS_FLUSH_SECONDS: '1', SLIPWAY_METRICS_RESOLUTION_SECONDS: '1' },
    })
    endpoint = await deployAsync(hosting, 'refused', { maxConcurrency: 1 })
    rows = await openQueueRows(hosting.slipway.dataDir)
  })
  afterAll(async () => {
    await rows?.close()
    await hosting?.stop()
  })

  const call = async (service: string, request: Parameters<typeof rawCall>[2]) => {
    const answer = await rawCall(hosting.slipway, service, request)
    if (answer.status >= 300) throw new Error(`${answer.status} ${answer.text}`)
    return answer
  }
  const topics = (parameters: Readonly<Record<string, string>>) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }
    return call('sns', { headers, body: new URLSearchParams({ Version: '2010-03-31', ...parameters }).toString() })
  }
  const deny = (Action: string, Resource: string) => ({ Effect: 'Deny', Principal: { AWS: ROLE }, Action, Resource })
  const policy = (...Statement: readonly object[]) => JSON.stringify({ Version: '2012-10-17', Statement })
  const bucketPolicy = (method: 'PUT' | 'DELETE', body = '') =>
    call('s3', { method, target: `/${endpoint.bucket}?policy`, headers: { 'content-md5': md5(body) }, body })
  const topicPolicy = (AttributeValue: string) =>
    topics({
      Action: 'SetTopicAttributes',
      TopicArn: endpoint.topic,
      AttributeName: 'Policy',
      AttributeValue,
    })

  /** One that the container has for a second, and two that wait behind it; `meanwhile` is done when it has it. */
  const whileInHand = async (prefix: string, meanwhile: () => Promise<unknown>) => {
    const ids = [`${prefix}-held`, `${prefix}-waiting`, `${prefix}-large`].map((id) => `${id}-${++tries}`)
    const bodies = ['sleep=1500;body=late', 'body=small', 'size=100000']
    const accepted = []
    for (const [at, id] of ids.entries())
      accepted.push(await endpoint.send(id, { body: bodies[at] as string, type: 'text/x-commands' }))
    await eventually(async () => expect(await rows.counts()).toEqual({ waiting: 2, held: 1 }))
    await meanwhile()
    return accepted.map((one) => one!)
  }
  const queue = async () => {
    const args = ['queue', endpoint.name, '--data-dir', hosting.slipway.dataDir, '--json']
    const { stdout } = await promisify(execFile)(PROGRAM, args)
    return JSON.parse(stdout) as {
      failures: { inferenceId: string; reason: string }[]
    }
  }
  const empty = () => eventually(async () => expect(await rows.counts()).toEqual({ waiting: 0, held: 0 }), 20_000)
  /** What has been told of a request, once it has been. */
  const tellingOf = (id: string) =>
    eventually(async () => {
      told.push(...(await endpoint.notifications()))
      const found = told.filter(({ inferenceId }) => inferenceId === id)
      expect(found).toHaveLength(1)
      return found[0] as Told
    })
  const lines = (id: string) => async () =>
    (await hosting.printed(endpoint.name)).filter((line) => line.includes(`[${id}]`)).join('\n')
  const measured = async (MetricName: string) => {
    const { Datapoints } = await hosting.api.cloudwatch('GetMetricStatistics', {
      Namespace: 'AWS/SageMaker',
      MetricName,
      Dimensions: [
        { Name: 'EndpointName', Value: endpoint.name },
        { Name: 'VariantName', Value: 'v' },
      ],
      StartTime: Date.now() / 1000 - 3_600,
      EndTime: Date.now() / 1000 + 60,
      Period: 60,
      Statistics: ['Sum'],
    })
    return (Datapoints as { Sum: number }[]).reduce((sum, { Sum }) => sum + Sum, 0)
  }

  it('ends them with the reason when the bucket’s policy refuses, and goes on when it does not any more', async () => {
    const before = await measured('ResponseUploadFailures')
    const refuse = policy(deny('s3:PutObject', `arn:aws:s3:::${endpoint.bucket}/out/*`))
    const accepted = await whileInHand('policy', () => bucketPolicy('PUT', refuse))
    const [failed, outputs] = await eventually(async () => {
      const keys = await endpoint.keys('fail/')
      for (const { failure } of accepted) expect(keys).toContain(failure)
      return [keys, await endpoint.keys('out/')] as const
    }, 20_000)
    expect(failed.size).toBeGreaterThanOrEqual(3)
    const { failures } = await queue()
    for (const { inferenceId, output } of accepted) {
      expect(outputs).not.toContain(output)
      const reason = expect.stringMatching(
        /^ClientError: Failed to upload the output to s3:.*(Access ?Denied|not authorized)/,
      )
      expect(await tellingOf(inferenceId)).toMatchObject({ invocationStatus: 'Failed', failureReason: reason })
      expect(failures).toContainEqual(expect.objectContaining({ inferenceId, reason }))
      await eventually(async () => expect(await lines(inferenceId)()).toContain('Failed to upload the output'))
    }
    await eventually(async () => expect((await measured('ResponseUploadFailures')) - before).toBeGreaterThanOrEqual(3))
    expect((await hosting.describe(endpoint.name)).EndpointStatus).toBe('InService')
    await bucketPolicy('DELETE')
    const after = (await endpoint.send(`policy-after-${tries}`, { body: 'x' }))!
    await eventually(async () => expect(await endpoint.keys('out/')).toContain(after.output))
  })

  it('ends them with a notification when the bucket is deleted, and goes on with one of the same name', async () => {
    // A try before may have left none.
    await call('s3', { method: 'PUT', target: `/${endpoint.bucket}` })
    const accepted = await whileInHand('bucket', async () => {
      for (const prefix of ['out/', 'fail/'])
        for (const key of await endpoint.keys(prefix)) await hosting.api.deleteObject(endpoint.bucket, key)
      await call('s3', { method: 'DELETE', target: `/${endpoint.bucket}` })
    })
    await empty()
    for (const { inferenceId } of accepted) {
      const failureReason = expect.stringContaining('The specified bucket does not exist')
      expect(await tellingOf(inferenceId)).toMatchObject({ invocationStatus: 'Failed', failureReason })
      await eventually(async () =>
        expect(await lines(inferenceId)()).toContain(`Failed to write s3://${endpoint.bucket}/fail/`),
      )
    }
    await hosting.api.createBucket(endpoint.bucket)
    const after = (await endpoint.send(`bucket-after-${tries}`, { body: 'x' }))!
    await eventually(async () => expect(await endpoint.keys('out/')).toContain(after.output))
  })

  it('keeps the results when the topic’s policy refuses, and says that nobody was told', async () => {
    const { text } = await topics({ Action: 'GetTopicAttributes', TopicArn: endpoint.topic })
    const original = /<key>Policy<\/key>\s*<value>(.*?)<\/value>/s.exec(text)?.[1]?.replaceAll('&quot;', '"') ?? ''
    const before = await measured('NotificationFailures')
    const accepted = await whileInHand('topic', () => topicPolicy(policy(deny('sns:Publish', endpoint.topic))))
    await eventually(async () => {
      const keys = await endpoint.keys('out/')
      for (const { output } of accepted) expect(keys).toContain(output)
    }, 20_000)
    for (const { inferenceId } of accepted)
      await eventually(async () =>
        expect(await lines(inferenceId)()).toMatch(/Failed to publish to arn:aws:sns:.*not authorized[\s\S]*succeeded/),
      )
    await eventually(async () => expect((await measured('NotificationFailures')) - before).toBe(3))
    await topicPolicy(original)
    const after = (await endpoint.send(`topic-after-${tries}`, { body: 'x' }))!
    expect(await tellingOf(after.inferenceId)).toMatchObject({ invocationStatus: 'Completed' })
    expect(told.filter(({ inferenceId }) => accepted.some((one) => one.inferenceId === inferenceId))).toEqual([])
  })

  it('keeps the results when the topic is deleted, and says that nobody was told', async () => {
    const accepted = await whileInHand('gone', () => topics({ Action: 'DeleteTopic', TopicArn: endpoint.topic }))
    await eventually(async () => {
      const keys = await endpoint.keys('out/')
      for (const { output } of accepted) expect(keys).toContain(output)
    }, 20_000)
    for (const { inferenceId } of accepted)
      await eventually(async () =>
        expect(await lines(inferenceId)()).toMatch(/Failed to publish to arn:aws:sns:\S+: Topic does not exist/),
      )
    // A change to the endpoint shows it, too: it would try the topic.
    await expect(endpoint.scale(1)).rejects.toThrow(/has .*sns:Publish.* permissions for topic/)
    await hosting.remove(endpoint.name)
  })
})
