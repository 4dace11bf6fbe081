import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testStores } from '../../support/databases.ts'
import { ROLE, startLambdaService, type TestLambda } from '../../support/lambda-service.ts'
import { ACCOUNT, accountRoot, OTHER_ACCOUNT, refused } from '../../support/s3-service.ts'
import { type ZipFileEntry, zipOf } from '../../support/zip.ts'

const ARN = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:`
const CODE = { 'index.js': 'exports.handler = async () => 1' }
const ZIP = zipOf({ name: 'index.js', content: CODE['index.js'] })

describe.each(testStores)('functions on $dialect', ({ create }) => {
  let lambda: TestLambda
  beforeAll(async () => {
    lambda = await startLambdaService({ store: await create() })
  })
  afterAll(() => lambda.stop())

  test('are created with defaults, and shown alike by every operation', async () => {
    const created = await lambda.create('defaults', CODE, { Tags: { team: 'ml' } })
    expect(created).toEqual({
      FunctionName: 'defaults',
      FunctionArn: `${ARN}defaults`,
      Runtime: 'nodejs24.x',
      Role: ROLE,
      Handler: 'index.handler',
      CodeSize: ZIP.length,
      Description: '',
      Timeout: 3,
      MemorySize: 128,
      LastModified: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/),
      CodeSha256: createHash('sha256').update(ZIP).digest('base64'),
      Version: '$LATEST',
      TracingConfig: { Mode: 'PassThrough' },
      RevisionId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      State: 'Active',
      LastUpdateStatus: 'Successful',
      PackageType: 'Zip',
      Architectures: ['x86_64'],
      EphemeralStorage: { Size: 512 },
      SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
      LoggingConfig: { LogFormat: 'Text', LogGroup: '/aws/lambda/defaults' },
    })
    expect(await lambda.call('GetFunctionConfiguration', { FunctionName: 'defaults' })).toEqual(created)
    expect(await lambda.call('GetFunction', { FunctionName: 'defaults' })).toEqual({
      Configuration: created,
      Code: { RepositoryType: 'S3' },
      Tags: { team: 'ml' },
    })
    expect((await lambda.call('ListFunctions', {})).Functions).toContainEqual(created)
  })

  test.each([
    'forms',
    `${ACCOUNT}:function:forms`,
    `${ARN}forms`,
    `${ARN}forms:$LATEST`,
    'forms:$LATEST',
    'function:forms',
  ])('are found by the name %s', async (FunctionName) => {
    await lambda.create('forms', CODE).catch(() => {})
    expect((await lambda.call('GetFunctionConfiguration', { FunctionName })).FunctionName).toBe('forms')
  })

  test('that do not exist, in any version, are not found', async () => {
    await lambda.create('known', CODE)
    const missing = (FunctionName: string, Qualifier?: string) =>
      refused(lambda.call('GetFunction', { FunctionName, ...(Qualifier && { Qualifier }) }))
    expect(await missing('unknown')).toMatchObject({
      code: 'ResourceNotFoundException',
      status: 404,
      message: `Function not found: ${ARN}unknown`,
      members: { Type: 'User' },
    })
    expect(await missing('known', '1')).toMatchObject({ message: `Function not found: ${ARN}known:1` })
    expect(await missing('known:live')).toMatchObject({ message: `Function not found: ${ARN}known:live` })
    expect(await missing('known:live', 'other')).toMatchObject({ code: 'InvalidParameterValueException' })
    expect(await missing(`${ARN.replace(ACCOUNT, OTHER_ACCOUNT)}known`)).toMatchObject({
      code: 'AccessDeniedException',
    })
    const stranger = { principal: accountRoot(OTHER_ACCOUNT), account: OTHER_ACCOUNT }
    expect(await refused(lambda.call('GetFunction', { FunctionName: 'known' }, stranger))).toMatchObject({
      status: 404,
    })
    expect((await lambda.call('ListFunctions', {}, stranger)).Functions).toEqual([])
  })

  test('are created once', async () => {
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => lambda.create('once', CODE)))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await refused(lambda.create('once', CODE))).toMatchObject({
      code: 'ResourceConflictException',
      status: 409,
      message: 'Function already exist: once',
    })
  })

  const refusals: [string, object, object][] = [
    [
      'no runtime',
      { Runtime: undefined },
      { code: 'InvalidParameterValueException', message: expect.stringContaining('Runtime and Handler are mandatory') },
    ],
    [
      'a runtime of another language',
      { Runtime: 'java21' },
      { status: 501, message: 'The Lambda runtime java21 is not implemented by Slipway.' },
    ],
    [
      'a role that is missing',
      { Role: `${ROLE}2` },
      {
        code: 'InvalidParameterValueException',
        message: 'The role defined for the function cannot be assumed by Lambda.',
      },
    ],
    [
      'too long a timeout',
      { Timeout: 901 },
      {
        code: 'ValidationException',
        message:
          "1 validation error detected: Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900",
      },
    ],
    ['too much memory', { MemorySize: 10241 }, { code: 'ValidationException' }],
    [
      'reserved variables',
      { Environment: { Variables: { AWS_REGION: 'x' } } },
      { message: expect.stringContaining('Reserved keys used in this request: AWS_REGION') },
    ],
    [
      'large variables',
      { Environment: { Variables: { A1: 'x'.repeat(4096) } } },
      { message: expect.stringContaining('exceeded the 4KB limit') },
    ],
    ['layers', { Layers: ['arn'] }, { status: 501 }],
    ['a version', { Publish: true }, { status: 501 }],
    ['no code', { Code: {} }, { message: 'Please provide a source for function code.' }],
    [
      'two sources',
      { Code: { ZipFile: ZIP, S3Bucket: 'b', S3Key: 'k' } },
      { message: expect.stringContaining('do not provide other FunctionCode parameters') },
    ],
    ['an empty zip', { Code: { ZipFile: zipOf() } }, { message: 'Uploaded file must be a non-empty zip' }],
    [
      'what is no zip',
      { Code: { ZipFile: Buffer.from('no zip at all') } },
      { message: expect.stringContaining('Could not unzip uploaded file') },
    ],
    [
      'an object that is missing',
      { Code: { S3Bucket: 'no-such-bucket', S3Key: 'k' } },
      { code: 'InvalidParameterValueException', message: expect.stringContaining('S3 Error Code: NoSuchBucket') },
    ],
    ['a name with a version', { FunctionName: 'refused:1' }, { code: 'InvalidParameterValueException' }],
    ['too long a name', { FunctionName: 'n'.repeat(65) }, { code: 'InvalidParameterValueException' }],
  ]
  test.each(refusals)('with %s are refused', async (_what, input, error) => {
    expect(await refused(lambda.create('refused', CODE, input))).toMatchObject(error)
    expect(await refused(lambda.call('GetFunction', { FunctionName: 'refused' }))).toMatchObject({ status: 404 })
  })

  const archives: [string, ZipFileEntry[], string][] = [
    ['leave its folder', [{ name: '../index.js', content: 'x' }], 'leaves its folder'],
    ['leave its folder further down', [{ name: 'a/../../index.js', content: 'x' }], 'leaves its folder'],
    ['are absolute', [{ name: '/etc/passwd', content: 'x' }], 'leaves its folder'],
    ['are of Windows', [{ name: 'a\\..\\..\\b', content: 'x' }], 'leaves its folder'],
    ['are links', [{ name: 'link', content: '/etc/passwd', mode: 0o120777 }], 'a symbolic link: "link"'],
    ['are devices', [{ name: 'null', mode: 0o020666 }], 'something that is no file'],
    [
      'come twice',
      [
        { name: 'a', content: '1' },
        { name: './a', content: '2' },
      ],
      'twice',
    ],
    [
      'are file and folder',
      [
        { name: 'a', content: '1' },
        { name: 'a/b', content: '2' },
      ],
      'as a file and as a folder',
    ],
    ['are encrypted', [{ name: 'a', content: '1', encrypted: true }], 'encrypted'],
    ['are larger than they say', [{ name: 'a', content: 'x'.repeat(1000), claimedSize: 10 }], 'Could not unzip'],
    ['differ from their checksum', [{ name: 'a', content: 'abc', claimedCrc: 1 }], 'Could not unzip'],
    [
      'unpack to too much',
      [{ name: 'a', content: 'x', claimedSize: 300 * 1024 * 1024 }],
      'Unzipped size must be smaller than 262144000 bytes',
    ],
  ]
  test.each(archives)('with files that %s are refused', async (_what, entries, message) => {
    expect(await refused(lambda.create('archive', entries, { Handler: 'index.handler' }))).toMatchObject({
      code: 'InvalidParameterValueException',
      message: expect.stringContaining(message),
    })
  })

  test('take their code from S3', async () => {
    await lambda.s3Bucket('code')
    await lambda.s3.putObject(
      accountRoot(ACCOUNT),
      'code',
      'f.zip',
      zipOf({ name: 'index.js', content: 'exports.handler = async () => "from s3"' }),
    )
    await lambda.create('from-s3', CODE, { Code: { S3Bucket: 'code', S3Key: 'f.zip' } })
    expect((await lambda.invoke('from-s3')).answer).toBe('from s3')
    expect(await refused(lambda.create('f', CODE, { Code: { S3Bucket: 'code', S3Key: 'none' } }))).toMatchObject({
      message: expect.stringContaining('S3 Error Code: NoSuchKey'),
    })
  })

  test('are updated under the revision that the caller knows', async () => {
    const { RevisionId } = await lambda.create('updated', CODE)
    const changed = await lambda.call('UpdateFunctionConfiguration', {
      FunctionName: 'updated',
      Timeout: 9,
      RevisionId,
    })
    expect(changed).toMatchObject({ Timeout: 9, MemorySize: 128, Handler: 'index.handler' })
    expect(
      await refused(lambda.call('UpdateFunctionConfiguration', { FunctionName: 'updated', RevisionId })),
    ).toMatchObject({
      code: 'PreconditionFailedException',
      status: 412,
    })
    const tried = await lambda.call('UpdateFunctionCode', {
      FunctionName: 'updated',
      ZipFile: zipOf({ name: 'index.js', content: 'exports.handler = async () => 2' }),
      DryRun: true,
    })
    expect(tried.RevisionId).toBe(changed.RevisionId)
    expect((await lambda.invoke('updated')).answer).toBe(1)
    expect(
      await refused(lambda.call('UpdateFunctionCode', { FunctionName: 'updated', ZipFile: Buffer.from('x') })),
    ).toMatchObject({
      code: 'InvalidParameterValueException',
    })
    expect((await lambda.invoke('updated')).answer).toBe(1)
    await lambda.call('UpdateFunctionConfiguration', {
      FunctionName: 'updated',
      Environment: { Variables: { A1: 'b' } },
    })
    const cleared = await lambda.call('UpdateFunctionConfiguration', {
      FunctionName: 'updated',
      Environment: { Variables: {} },
    })
    expect(cleared.Environment).toBeUndefined()
  })

  test('are deleted with everything but their logs', async () => {
    await lambda.create('gone', CODE, { Tags: { a: 'b' } })
    expect(await refused(lambda.call('DeleteFunction', { FunctionName: 'gone', Qualifier: '$LATEST' }))).toMatchObject({
      status: 400,
    })
    expect(await lambda.call('DeleteFunction', { FunctionName: 'gone' })).toEqual({ StatusCode: 204 })
    expect(await refused(lambda.invoke('gone'))).toMatchObject({ code: 'ResourceNotFoundException' })
    expect(await refused(lambda.call('DeleteFunction', { FunctionName: 'gone' }))).toMatchObject({ status: 404 })
    await lambda.create('gone', CODE)
    expect((await lambda.call('GetFunction', { FunctionName: 'gone' })).Tags).toBeUndefined()
  })

  test('are listed in pages', async () => {
    for (let n = 0; n < 4; n += 1) await lambda.create(`page-${n}`, CODE)
    const names: (string | undefined)[] = []
    let Marker: string | undefined
    do {
      const page = await lambda.call('ListFunctions', { MaxItems: 3, ...(Marker && { Marker }) })
      names.push(...(page.Functions ?? []).map((one) => one.FunctionName))
      Marker = page.NextMarker
    } while (Marker !== undefined)
    expect(new Set(names).size).toBe(names.length)
    expect(names).toEqual(expect.arrayContaining(['page-0', 'page-1', 'page-2', 'page-3']))
  })

  test('keep a resource policy', async () => {
    await lambda.create('policy', CODE)
    expect(await refused(lambda.call('GetPolicy', { FunctionName: 'policy' }))).toMatchObject({
      code: 'ResourceNotFoundException',
      message: 'The resource you requested does not exist.',
    })
    const grant = {
      FunctionName: 'policy',
      StatementId: 's1',
      Action: 'lambda:InvokeFunction',
      Principal: 's3.amazonaws.com',
      SourceArn: 'arn:aws:s3:::b',
      SourceAccount: ACCOUNT,
    }
    const { Statement } = await lambda.call('AddPermission', grant)
    const statement = {
      Sid: 's1',
      Effect: 'Allow',
      Principal: { Service: 's3.amazonaws.com' },
      Action: 'lambda:InvokeFunction',
      Resource: `${ARN}policy`,
      Condition: { ArnLike: { 'AWS:SourceArn': 'arn:aws:s3:::b' }, StringEquals: { 'AWS:SourceAccount': ACCOUNT } },
    }
    expect(JSON.parse(Statement ?? '')).toEqual(statement)
    expect(await refused(lambda.call('AddPermission', grant))).toMatchObject({
      code: 'ResourceConflictException',
      status: 409,
    })
    const { Policy, RevisionId } = await lambda.call('GetPolicy', { FunctionName: 'policy' })
    expect(JSON.parse(Policy ?? '')).toEqual({ Version: '2012-10-17', Id: 'default', Statement: [statement] })
    await lambda.call('AddPermission', { ...grant, StatementId: 's2', Principal: OTHER_ACCOUNT })
    expect(
      await refused(lambda.call('RemovePermission', { FunctionName: 'policy', StatementId: 's1', RevisionId })),
    ).toMatchObject({ status: 412 })
    await lambda.call('RemovePermission', { FunctionName: 'policy', StatementId: 's1' })
    expect(await refused(lambda.call('RemovePermission', { FunctionName: 'policy', StatementId: 's1' }))).toMatchObject(
      { status: 404 },
    )
  })

  test('carry tags', async () => {
    await lambda.create('tagged', CODE, { Tags: { a: '1' } })
    const Resource = `${ARN}tagged`
    await lambda.call('TagResource', { Resource, Tags: { b: '2', a: '3' } })
    await lambda.call('UntagResource', { Resource, TagKeys: ['b', 'none'] })
    expect(await lambda.call('ListTags', { Resource })).toEqual({ Tags: { a: '3' } })
    expect(await refused(lambda.call('TagResource', { Resource, Tags: { 'aws:x': '' } }))).toMatchObject({
      status: 400,
    })
    expect(await refused(lambda.call('ListTags', { Resource: `${ARN}none` }))).toMatchObject({ status: 404 })
  })

  test('refuse events that are no JSON or too large; a dry run runs nothing', async () => {
    await lambda.create('events', { 'index.js': 'exports.handler = async (e) => e' })
    const invoke = (Payload: Uint8Array, more: object = {}) =>
      lambda.call('Invoke', { FunctionName: 'events', Payload, ...more })
    expect(await refused(invoke(Buffer.from('{')))).toMatchObject({
      code: 'InvalidRequestContentException',
      status: 400,
      message: expect.stringContaining('Could not parse request body into json'),
    })
    expect(await refused(invoke(Buffer.from([0x22, 0xff, 0x22])))).toMatchObject({ status: 400 })
    const large = Buffer.from(JSON.stringify('x'.repeat(6 * 1024 * 1024)))
    expect(await refused(invoke(large))).toMatchObject({
      code: 'RequestTooLargeException',
      status: 413,
      message: 'Request must be smaller than 6291456 bytes for the InvokeFunction operation',
    })
    expect(await refused(invoke(large.subarray(5 * 1024 * 1024), { InvocationType: 'Event' }))).toMatchObject({
      status: 413,
    })
    expect(await refused(invoke(Buffer.from('1'), { ClientContext: '!' }))).toMatchObject({ status: 400 })
    expect(await invoke(Buffer.from('1'), { InvocationType: 'DryRun' })).toEqual({ StatusCode: 204 })
    expect(await invoke(Buffer.alloc(0))).toMatchObject({
      StatusCode: 200,
      Payload: Buffer.from('{}'),
      ExecutedVersion: '$LATEST',
    })
  })
})
