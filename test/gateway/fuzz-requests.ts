/** A request that a client could have sent, before it is mutated. */
export interface FuzzRequest {
  readonly service: string
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

const JSON_TYPE = { 'content-type': 'application/x-amz-json-1.1' }
const ROLE = 'arn:aws:iam::123456789012:role/SageMakerExecutionRole'

const json = (service: string, prefix: string, operation: string, input: object): FuzzRequest => ({
  service,
  method: 'POST',
  target: '/',
  headers: { ...JSON_TYPE, 'x-amz-target': `${prefix}.${operation}` },
  body: Buffer.from(JSON.stringify(input)),
})
const sagemaker = (operation: string, input: object) => json('sagemaker', 'SageMaker', operation, input)
const logs = (operation: string, input: object) => json('logs', 'Logs_20140328', operation, input)
const form = (service: string, text: string): FuzzRequest => ({
  service,
  method: 'POST',
  target: '/',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: Buffer.from(text),
})
const rest = (service: string, method: string, target: string, body = '', headers = {}): FuzzRequest => ({
  service,
  method,
  target,
  headers,
  body: Buffer.from(body),
})

/** What the mutations start from: something of every protocol, with most kinds of members. */
export const CORPUS: readonly FuzzRequest[] = [
  sagemaker('CreateModel', {
    ModelName: 'fuzz',
    ExecutionRoleArn: ROLE,
    Containers: [{ Image: 'host/image:1', ModelDataUrl: 's3://fuzz/m.tar.gz', Environment: { A: 'b' } }],
    Tags: [{ Key: 'k', Value: 'v' }],
  }),
  sagemaker('CreateModelPackage', {
    ModelPackageGroupName: 'fuzz',
    InferenceSpecification: { Containers: [{ Image: 'host/image:1' }], SupportedContentTypes: ['text/csv'] },
    CustomerMetadataProperties: { a: 'b' },
    ClientToken: 'abc',
  }),
  sagemaker('CreateModelPackageGroup', { ModelPackageGroupName: 'fuzz', Tags: [{ Key: 'a', Value: 'b' }] }),
  sagemaker('ListModelPackages', { MaxResults: 10, CreationTimeAfter: 1700000000.5, NextToken: 'abc', SortBy: 'Name' }),
  sagemaker('DescribeEndpoint', { EndpointName: 'fuzz' }),
  sagemaker('AddTags', {
    ResourceArn: 'arn:aws:sagemaker:us-east-1:123456789012:model/fuzz',
    Tags: [{ Key: 'a', Value: 'b' }],
  }),
  sagemaker('CreateEndpointConfig', {
    EndpointConfigName: 'fuzz',
    ProductionVariants: [
      {
        VariantName: 'v',
        ModelName: 'fuzz',
        InstanceType: 'ml.m5.large',
        InitialInstanceCount: 1,
        InitialVariantWeight: 0.5,
      },
    ],
  }),
  logs('PutLogEvents', {
    logGroupName: 'fuzz',
    logStreamName: 's',
    logEvents: [{ timestamp: 1700000000000, message: 'hello' }],
  }),
  logs('FilterLogEvents', {
    logGroupName: 'fuzz',
    filterPattern: '?a -b "c d"',
    startTime: 0,
    endTime: 9e12,
    limit: 5,
  }),
  logs('CreateLogGroup', { logGroupName: 'fuzz', tags: { a: 'b' } }),
  form(
    'iam',
    `Action=CreateRole&Version=2010-05-08&RoleName=fuzz&AssumeRolePolicyDocument=${encodeURIComponent('{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"a.amazonaws.com"},"Action":"sts:AssumeRole"}]}')}&Tags.member.1.Key=a&Tags.member.1.Value=b`,
  ),
  form('iam', 'Action=ListRoles&Version=2010-05-08&MaxItems=5&Marker=abc&PathPrefix=/'),
  form('sts', `Action=AssumeRole&Version=2011-06-15&RoleArn=${ROLE}&RoleSessionName=fuzz&DurationSeconds=900`),
  rest(
    'lambda',
    'POST',
    '/2015-03-31/functions',
    JSON.stringify({
      FunctionName: 'fuzz',
      Role: ROLE,
      Code: { ZipFile: 'UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==' },
      Handler: 'a.b',
      Runtime: 'python3.12',
      Timeout: 3,
      Environment: { Variables: { A: 'b' } },
    }),
  ),
  rest('lambda', 'POST', '/2015-03-31/functions/fuzz/invocations?Qualifier=1', '{"a":1}', {
    'x-amz-invocation-type': 'Event',
  }),
  rest('lambda', 'GET', '/2015-03-31/functions/?MaxItems=10&Marker=abc'),
  rest('sagemaker', 'POST', '/endpoints/fuzz/invocations', '1,2,3', {
    'content-type': 'text/csv',
    'x-amzn-sagemaker-target-variant': 'v',
  }),
  rest(
    's3',
    'PUT',
    '/fuzz-bucket',
    '<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>',
  ),
  rest('s3', 'PUT', '/fuzz-bucket/key%20name', 'content', {
    'x-amz-meta-a': 'b',
    'x-amz-tagging': 'a=b',
    'if-none-match': '*',
  }),
  rest('s3', 'PUT', '/fuzz-bucket/copy', '', {
    'x-amz-copy-source': '/fuzz-bucket/key%20name',
    'x-amz-metadata-directive': 'COPY',
  }),
  rest('s3', 'GET', '/fuzz-bucket/key%20name?response-content-type=text/plain', '', {
    range: 'bytes=1-3',
    'if-match': '"a"',
  }),
  rest(
    's3',
    'GET',
    '/fuzz-bucket?list-type=2&prefix=a&delimiter=/&max-keys=5&continuation-token=abc&start-after=b&encoding-type=url',
  ),
  rest('s3', 'GET', '/fuzz-bucket?uploads&key-marker=a&upload-id-marker=b&max-uploads=3'),
  rest('s3', 'POST', '/fuzz-bucket/multi?uploads'),
  rest(
    's3',
    'POST',
    '/fuzz-bucket/multi?uploadId=abc',
    '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"a"</ETag></Part></CompleteMultipartUpload>',
  ),
  rest('s3', 'PUT', '/fuzz-bucket/multi?partNumber=1&uploadId=abc', 'part'),
  rest('s3', 'POST', '/fuzz-bucket?delete', '<Delete><Object><Key>k</Key></Object><Quiet>true</Quiet></Delete>'),
  rest(
    's3',
    'PUT',
    '/fuzz-bucket/key%20name?tagging',
    '<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>',
  ),
  rest('s3', 'HEAD', '/fuzz-bucket/key%20name'),
]

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const SPICE = [
  '',
  '\0',
  '%00',
  '%',
  '%ff',
  '..',
  '/../',
  '//',
  '"',
  "'",
  '<',
  '>',
  '&',
  '&#0;',
  ']]>',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  'null',
  'true',
  '-1',
  '0',
  '1e999',
  '99999999999999999999',
  '__proto__',
  'constructor',
  '$&',
  '\\u0000',
  '\\',
  '\u00e9',
  '\ud83d\ude00',
  '\u202e',
  'a'.repeat(300),
  ' '.repeat(50),
  '\t',
  '*',
  '?',
  '=',
  ';',
  '#',
  '+',
  'arn:aws:',
  '%2e%2e%2f',
  "' OR 1=1 --",
] as const

/** Changes a request in one to four places: its target, its headers, its body or its method. */
export function mutate(request: FuzzRequest, random: () => number): FuzzRequest {
  let { method, target, headers, body } = request
  for (let left = 1 + Math.floor(random() * 4); left > 0; left--) {
    const choice = random()
    if (choice < 0.55 && body.length > 0) body = mutateBytes(body, random)
    else if (choice < 0.8) target = mutateTarget(target, random)
    else if (choice < 0.95) headers = mutateHeaders(headers, random)
    else method = pick(['GET', 'PUT', 'POST', 'DELETE', 'HEAD', 'PATCH', 'OPTIONS'], random)
  }
  return { ...request, method, target, headers, body }
}

const pick = <T>(list: readonly T[], random: () => number): T => list[Math.floor(random() * list.length)] as T

/** Flips, removes, repeats or inserts something in the middle. */
export function mutateBytes(bytes: Buffer, random: () => number): Buffer {
  const at = Math.floor(random() * bytes.length)
  const length = Math.floor(random() * 20)
  const choice = random()
  if (choice < 0.2) {
    const flipped = Buffer.from(bytes)
    flipped[at] = Math.floor(random() * 256)
    return flipped
  }
  if (choice < 0.4) return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)])
  if (choice < 0.6) return Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)])
  if (choice < 0.65) return bytes.subarray(0, at)
  return Buffer.concat([
    bytes.subarray(0, at),
    Buffer.from(pick(SPICE, random)),
    bytes.subarray(at + Math.floor(length / 4)),
  ])
}

function mutateTarget(target: string, random: () => number): string {
  const mutated = mutateBytes(Buffer.from(target.slice(1)), random).toString('latin1')
  // What HTTP clients will not send at all is for the tests of malformed HTTP.
  return `/${mutated.replace(/[^\x21-\x7e]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`).replaceAll('#', '%23')}`
}

function mutateHeaders(headers: FuzzRequest['headers'], random: () => number): FuzzRequest['headers'] {
  const names = Object.keys(headers)
  const extra = [
    'x-amz-acl',
    'x-amz-target',
    'content-type',
    'range',
    'x-amz-checksum-crc32',
    'x-amz-decoded-content-length',
    'x-amz-trailer',
    'content-md5',
    'x-amz-copy-source-range',
    'if-modified-since',
    'x-amz-security-token',
    'content-encoding',
    'x-amz-expected-bucket-owner',
  ]
  const name = random() < 0.6 && names.length > 0 ? pick(names, random) : pick(extra, random)
  if (random() < 0.2) return Object.fromEntries(Object.entries(headers).filter(([known]) => known !== name))
  const value = mutateBytes(Buffer.from(headers[name] ?? pick(SPICE, random)), random).toString('latin1')
  return { ...headers, [name]: value.replace(/[^\x20-\x7e\xa0-\xff]/g, '').trim() }
}
