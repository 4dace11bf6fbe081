import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Slipway, startSlipway } from '../support/slipway.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts'
import { zipOf } from '../support/zip.ts'

const run = promisify(execFile)
/** Written in Python 3, so it runs with the environment's interpreter wherever the script was installed. */
const AWS = fileURLToPath(new URL('../../.venv/bin/aws', import.meta.url))
const ROLE = 'arn:aws:iam::123456789012:role/SageMakerExecutionRole'
const MIB = 1024 * 1024

let slipway: Slipway
let directory: TemporaryDirectory

beforeAll(async () => {
  slipway = await startSlipway()
  directory = await temporaryDirectory()
})
afterAll(async () => {
  await slipway?.stop()
  await directory?.remove()
})

/** Runs the AWS CLI as a user would, in a folder of the test; its whole output, or its error with code and text. */
const aws = async (...args: string[]): Promise<string> => {
  const env = { PATH: process.env.PATH, HOME: directory.path, AWS_PAGER: '', ...slipway.env }
  const { stdout } = await run(AWS, args, { env, cwd: directory.path, maxBuffer: 64 * MIB, timeout: 60_000 })
  return stdout
}
const json = async (...args: string[]) => JSON.parse((await aws(...args, '--output', 'json')) || '{}')
/** What the CLI writes when it fails. */
const complaint = async (...args: string[]): Promise<string> =>
  (
    await aws(...args).then(
      () => ({ stderr: '' }),
      (error: { stderr: string }) => error,
    )
  ).stderr.trim()

describe.skipIf(!existsSync(AWS))('the AWS CLI', { timeout: 180_000 }, () => {
  it('knows who it is', async () => {
    expect(await json('sts', 'get-caller-identity')).toEqual({
      UserId: '123456789012',
      Account: '123456789012',
      Arn: 'arn:aws:iam::123456789012:root',
    })
    expect(await aws('sts', 'get-caller-identity', '--query', 'Account', '--output', 'text')).toBe('123456789012\n')
  })

  it('moves files and folders to S3 and back', async () => {
    const folder = join(directory.path, 'up')
    await mkdir(join(folder, 'deep'), { recursive: true })
    await writeFile(join(folder, 'a.txt'), 'a')
    await writeFile(join(folder, 'deep', 'ü b.txt'), 'b')
    await writeFile(join(folder, 'large'), Buffer.alloc(20 * MIB, 7))
    expect(await aws('s3', 'mb', 's3://cli')).toBe('make_bucket: cli\n')
    expect(await complaint('s3', 'mb', 's3://No_Bucket')).toContain('InvalidBucketName')
    expect(
      (await aws('s3', 'sync', 'up', 's3://cli/sync')).match(/^upload|\rupload|\nupload|upload: /g)?.length,
    ).toBeGreaterThan(0)
    expect(await aws('s3', 'ls', 's3://cli/sync/')).toMatch(/PRE deep\/\n.* 1 a\.txt\n.* 20971520 large\n/)
    expect(await aws('s3', 'ls', 's3://cli', '--recursive', '--summarize')).toMatch(/Total Objects: 3\n/)
    expect(await aws('s3', 'ls')).toMatch(/ cli\n/)
    await aws('s3', 'cp', 's3://cli/sync', 'down', '--recursive', '--quiet')
    expect((await readdir(join(directory.path, 'down'), { recursive: true })).sort()).toEqual([
      'a.txt',
      'deep',
      'deep/ü b.txt',
      'large',
    ])
    expect((await readFile(join(directory.path, 'down/large'))).equals(Buffer.alloc(20 * MIB, 7))).toBe(true)
    expect(await aws('s3', 'sync', 's3://cli/sync', 'down')).toBe('')

    expect(await aws('s3', 'cp', 's3://cli/sync/a.txt', '-')).toBe('a')
    await aws('s3', 'cp', 's3://cli/sync/large', 's3://cli/copy', '--quiet')
    await aws('s3', 'mv', 's3://cli/sync/a.txt', 's3://cli/moved.txt', '--quiet')
    expect(await complaint('s3', 'cp', 's3://cli/sync/a.txt', 'x')).toContain('(404)')
    expect((await json('s3api', 'head-object', '--bucket', 'cli', '--key', 'moved.txt')).ContentLength).toBe(1)
    const url = (await aws('s3', 'presign', 's3://cli/moved.txt')).trim()
    expect(await (await fetch(url)).text()).toBe('a')

    await rm(join(folder, 'large'))
    expect(await aws('s3', 'sync', 'up', 's3://cli/sync', '--delete')).toContain('delete: s3://cli/sync/large')
    expect(await complaint('s3', 'rb', 's3://cli')).toContain('BucketNotEmpty')
    await aws('s3', 'rm', 's3://cli', '--recursive', '--quiet')
    expect(await aws('s3', 'rb', 's3://cli')).toBe('remove_bucket: cli\n')
    expect(await complaint('s3', 'ls', 's3://cli')).toContain('NoSuchBucket')
  })

  it('makes roles, users and policies', async () => {
    const trust = { Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }
    await writeFile(join(directory.path, 'trust.json'), JSON.stringify({ Version: '2012-10-17', Statement: [trust] }))
    const { Role } = await json(
      'iam',
      'create-role',
      '--role-name',
      'cli',
      '--assume-role-policy-document',
      'file://trust.json',
    )
    expect(Role.AssumeRolePolicyDocument.Statement).toEqual([trust])
    const policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
    await aws('iam', 'put-role-policy', '--role-name', 'cli', '--policy-name', 'p', '--policy-document', policy)
    const inline = await json('iam', 'get-role-policy', '--role-name', 'cli', '--policy-name', 'p')
    expect(inline.PolicyDocument).toEqual(JSON.parse(policy))
    const made = await json('iam', 'create-policy', '--policy-name', 'cli-policy', '--policy-document', policy)
    await aws('iam', 'attach-role-policy', '--role-name', 'cli', '--policy-arn', made.Policy.Arn)
    expect(
      await aws(
        'iam',
        'list-attached-role-policies',
        '--role-name',
        'cli',
        '--query',
        'AttachedPolicies[].PolicyName',
        '--output',
        'text',
      ),
    ).toBe('cli-policy\n')
    expect(
      await aws('iam', 'list-roles', '--max-items', '1', '--query', 'Roles[].RoleName', '--output', 'text'),
    ).toMatch(/^\w+/)
    expect(await complaint('iam', 'get-role', '--role-name', 'nobody')).toContain(
      '(NoSuchEntity) when calling the GetRole operation: The role with name nobody cannot be found.',
    )
    const assumed = await json('sts', 'assume-role', '--role-arn', Role.Arn, '--role-session-name', 'session')
    expect(assumed.AssumedRoleUser.Arn).toBe('arn:aws:sts::123456789012:assumed-role/cli/session')
  })

  it('creates and invokes a function, and reads its log', async () => {
    const handler =
      'def handler(event, context):\n    print("hello from", event["name"])\n    return {"hello": event["name"]}\n'
    await writeFile(join(directory.path, 'code.zip'), zipOf({ name: 'code.py', content: handler }))
    const made = await json(
      ...['lambda', 'create-function', '--function-name', 'cli', '--runtime', 'python3.12', '--role', ROLE],
      ...['--handler', 'code.handler', '--zip-file', 'fileb://code.zip'],
    )
    expect(made.FunctionName).toBe('cli')
    await aws('lambda', 'wait', 'function-active-v2', '--function-name', 'cli')
    await writeFile(join(directory.path, 'event.json'), '{"name":"world"}')
    const invoked = await json(
      'lambda',
      'invoke',
      '--function-name',
      'cli',
      '--payload',
      'file://event.json',
      'out.json',
    )
    expect(invoked).toEqual({ StatusCode: 200, ExecutedVersion: '$LATEST' })
    expect(JSON.parse(await readFile(join(directory.path, 'out.json'), 'utf8'))).toEqual({ hello: 'world' })
    // What `aws logs tail` of version 2 calls, which version 1 has no command for.
    const tail = [
      'logs',
      'filter-log-events',
      '--log-group-name',
      '/aws/lambda/cli',
      '--start-time',
      '0',
      '--interleaved',
    ]
    expect(await aws(...tail, '--query', 'events[].message', '--output', 'text')).toContain('hello from world')
    expect(await aws('logs', 'describe-log-groups', '--query', 'logGroups[].logGroupName', '--output', 'text')).toBe(
      '/aws/lambda/cli\n',
    )
    await aws('lambda', 'delete-function', '--function-name', 'cli')
    expect(await complaint('lambda', 'get-function', '--function-name', 'cli')).toContain('(ResourceNotFoundException)')
  })

  it('deploys a model, waits for it and deletes it', async () => {
    await aws('s3', 'mb', 's3://sagemaker-cli-models')
    await writeFile(join(directory.path, 'model.tar.gz'), 'not looked into here')
    await aws('s3', 'cp', 'model.tar.gz', 's3://sagemaker-cli-models/', '--quiet')
    const vpc = 'SecurityGroupIds=sg-0123456789abcdef0,Subnets=subnet-0123456789abcdef0'
    const container =
      'Image=registry.example/m:1,ModelDataUrl=s3://sagemaker-cli-models/model.tar.gz,ImageConfig={RepositoryAccessMode=Vpc}'
    await aws(
      ...['sagemaker', 'create-model', '--model-name', 'cli', '--execution-role-arn', ROLE],
      ...['--primary-container', container, '--vpc-config', vpc],
    )
    const variant = 'VariantName=v,ModelName=cli,InstanceType=ml.m5.large,InitialInstanceCount=1'
    await aws('sagemaker', 'create-endpoint-config', '--endpoint-config-name', 'cli', '--production-variants', variant)
    const made = await json('sagemaker', 'create-endpoint', '--endpoint-name', 'cli', '--endpoint-config-name', 'cli')
    expect(made.EndpointArn).toBe('arn:aws:sagemaker:us-east-1:123456789012:endpoint/cli')
    await aws('sagemaker', 'wait', 'endpoint-in-service', '--endpoint-name', 'cli')
    expect(
      await aws(
        'sagemaker',
        'list-endpoints',
        '--query',
        'Endpoints[].[EndpointName,EndpointStatus]',
        '--output',
        'text',
      ),
    ).toBe('cli\tInService\n')
    const body = ['sagemaker-runtime', 'invoke-endpoint', '--endpoint-name', 'cli', '--body', '1,2', 'out']
    expect(await complaint(...body)).toContain('(ModelError) when calling the InvokeEndpoint operation')
    await aws('sagemaker', 'delete-endpoint', '--endpoint-name', 'cli')
    await aws('sagemaker', 'wait', 'endpoint-deleted', '--endpoint-name', 'cli')
    expect(await complaint('sagemaker', 'describe-endpoint', '--endpoint-name', 'cli')).toContain(
      '(ValidationException) when calling the DescribeEndpoint operation: Could not find endpoint',
    )
    expect(await complaint('sagemaker', 'list-training-jobs')).toContain('(NotImplemented)')
  })
})
