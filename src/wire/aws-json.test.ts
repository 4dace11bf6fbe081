import { describe, expect, it } from 'vitest'
import { loadService } from '../model/service-description.ts'
import { awsJson } from './aws-json.ts'
import type { Detected, WireRequest } from './protocol.ts'
import { ServiceError } from './service-error.ts'

const sagemaker = loadService('sagemaker')
const logs = loadService('logs')
const cloudwatch = loadService('cloudwatch')

const request = (target: string, method = 'POST'): WireRequest => ({
  method,
  path: '/',
  query: '',
  headers: { 'x-amz-target': target },
})
const detected = (name: string, description = sagemaker): Detected => ({
  operation: description.operations.get(name)!,
  labels: {},
})
const decode = (name: string, body: string | Uint8Array, description = sagemaker) =>
  awsJson.decode(
    description,
    detected(name, description),
    request(''),
    typeof body === 'string' ? Buffer.from(body) : body,
  )
const refusal = (name: string, body: string | Uint8Array): ServiceError => {
  try {
    decode(name, body)
  } catch (error) {
    return error as ServiceError
  }
  throw new Error('It was accepted.')
}

describe('awsJson detection', () => {
  it.each([
    ['SageMaker.CreateModel', 'CreateModel'],
    ['SageMaker.CreateTrainingJob', 'CreateTrainingJob'],
  ])('%s', (target, name) => {
    expect(awsJson.detect(sagemaker, request(target))?.operation.name).toBe(name)
  })

  it.each([
    '',
    'SageMaker',
    'SageMaker.',
    'SageMaker.Nothing',
    'Logs_20140328.CreateModel',
    'SageMaker.constructor',
    'SageMaker.__proto__',
  ])('knows no %j', (target) => {
    expect(awsJson.detect(sagemaker, request(target))).toBeUndefined()
    expect(awsJson.unknownOperation(sagemaker, request(target))).toMatchObject({
      code: 'UnknownOperationException',
      status: 400,
    })
  })

  it('knows nothing but POST', () => {
    expect(awsJson.detect(sagemaker, request('SageMaker.CreateModel', 'GET'))).toBeUndefined()
  })

  it('tells operations that are known by name only', () => {
    expect(awsJson.detect(sagemaker, request('SageMaker.CreateTrainingJob'))?.operation.implemented).toBe(false)
    expect(awsJson.detect(sagemaker, request('SageMaker.CreateModel'))?.operation.implemented).toBe(true)
  })
})

describe('awsJson requests', () => {
  it('are read by shape: unknown members ignored, nulls absent', () => {
    const body = '{"ModelName":"m","Nothing":[{}],"ExecutionRoleArn":null,"Tags":[{"Key":"k","Value":null}]}'
    expect(decode('CreateModel', body)).toEqual({ ModelName: 'm', Tags: [{ Key: 'k' }] })
  })

  it.each(['', '{}', 'null'])('may be empty: %j', (body) => {
    expect(decode('ListModels', body)).toEqual({})
  })

  it.each([
    ['{"CreationTimeAfter":1722945600.123}', 1_722_945_600_123],
    ['{"CreationTimeAfter":1722945600}', 1_722_945_600_000],
    ['{"CreationTimeAfter":1.7229456E9}', 1_722_945_600_000],
    ['{"CreationTimeAfter":"2024-08-06T12:00:00Z"}', 1_722_945_600_000],
    ['{"CreationTimeAfter":"2024-08-06T14:00:00.5+02:00"}', 1_722_945_600_500],
    ['{"CreationTimeAfter":"2024-08-06T12:00:00"}', 1_722_945_600_000],
    ['{"CreationTimeAfter":0}', 0],
  ])('hold times in many forms: %s', (body, time) => {
    expect(decode('ListModels', body)).toEqual({ CreationTimeAfter: time })
  })

  it('keep hostile keys of maps as plain data', () => {
    const body =
      '{"ModelName":"m","PrimaryContainer":{"Environment":{"__proto__":"x","constructor":"y","toString":"z"}}}'
    const input = decode('CreateModel', body) as { PrimaryContainer: { Environment: Record<string, string> } }
    const { Environment: environment } = input.PrimaryContainer
    expect(Object.keys(environment).sort()).toEqual(['__proto__', 'constructor', 'toString'])
    expect(JSON.stringify(environment)).toBe('{"__proto__":"x","constructor":"y","toString":"z"}')
    expect(({} as Record<string, unknown>).x).toBeUndefined()
  })

  it('keep hostile keys of structures out', () => {
    const input = decode('CreateModel', '{"__proto__":{"ModelName":"evil"},"constructor":1}')
    expect(input).toEqual({})
    expect(input.ModelName).toBeUndefined()
  })

  it('take the last of two equal keys, as parsers do', () => {
    expect(decode('DescribeModel', '{"ModelName":"a","ModelName":"b"}')).toEqual({ ModelName: 'b' })
  })

  it.each([
    ['{"ModelName":1}', 'NUMBER_VALUE can not be converted to a String'],
    ['{"ModelName":true}', 'TRUE_VALUE can not be converted to a String'],
    ['{"ModelName":false}', 'FALSE_VALUE can not be converted to a String'],
    ['{"ModelName":["a"]}', 'Start of list found where not expected'],
    ['{"ModelName":{}}', 'Start of structure or map found where not expected.'],
    ['{"Tags":"a"}', 'Expected list or null'],
    ['{"Tags":{}}', 'Start of structure or map found where not expected.'],
    ['{"Tags":["a"]}', 'STRING_VALUE can not be converted to a structure'],
    ['{"VpcConfig":[]}', 'Start of list found where not expected'],
    ['{"EnableNetworkIsolation":"true"}', 'STRING_VALUE can not be converted to a Boolean'],
    ['{"PrimaryContainer":{"Environment":[]}}', 'Start of list found where not expected'],
    ['{"PrimaryContainer":{"Environment":{"a":1}}}', 'NUMBER_VALUE can not be converted to a String'],
    ['[]', 'Start of list found where not expected'],
    ['"text"', 'STRING_VALUE can not be converted to a structure'],
    ['17', 'NUMBER_VALUE can not be converted to a structure'],
  ])('of the wrong type are refused: %s', (body, message) => {
    expect(refusal('CreateModel', body)).toMatchObject({ code: 'SerializationException', status: 400, message })
  })

  it.each([
    ['{"MaxResults":1.5}', 'NUMBER_VALUE can not be converted to an Integer'],
    ['{"MaxResults":2147483648}', 'NUMBER_VALUE can not be converted to an Integer'],
    ['{"MaxResults":1e400}', 'NUMBER_VALUE can not be converted to an Integer'],
    ['{"MaxResults":"5"}', 'STRING_VALUE can not be converted to an Integer'],
    ['{"CreationTimeAfter":1e300}', 'NUMBER_VALUE can not be converted to a Timestamp'],
    ['{"CreationTimeAfter":"yesterday"}', 'STRING_VALUE can not be converted to a Timestamp'],
    ['{"CreationTimeAfter":"2024-13-45T99:00:00Z"}', 'STRING_VALUE can not be converted to a Timestamp'],
  ])('with numbers that are none are refused: %s', (body, message) => {
    expect(refusal('ListModels', body)).toMatchObject({ code: 'SerializationException', message })
  })

  it('accept the largest long, as clients send it for the end of time', () => {
    expect(decode('GetLogEvents', '{"endTime":9223372036854775807}', logs)).toEqual({ endTime: 2 ** 63 })
  })

  it.each<[string, string | Uint8Array]>([
    ['cut short', '{"ModelName":"a'],
    ['not JSON', 'ModelName=a'],
    ['followed by more', '{} {}'],
    ['a lone byte order mark and no more', '\ufeff'],
    ['not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['nested deeply', `${'['.repeat(200_000)}${']'.repeat(200_000)}`],
    ['nested deeply and cut short', '{"a":'.repeat(200_000)],
  ])('are refused when %s', (_, body) => {
    expect(refusal('CreateModel', body)).toMatchObject({ code: 'SerializationException', status: 400 })
  })

  it('may hold any number of brackets in text', () => {
    const name = `${'['.repeat(1_000)}\\"${'{'.repeat(1_000)}\\\\`
    expect(decode('DescribeModel', `{"ModelName":"${name}"}`)).toEqual({ ModelName: JSON.parse(`"${name}"`) })
  })
})

describe('awsJson responses', () => {
  it('write times in seconds, leave out what is absent, and keep empty lists', () => {
    const output = {
      Models: [{ ModelName: 'm', ModelArn: 'a', CreationTime: 1_722_945_600_123 }],
      NextToken: undefined,
    }
    const response = awsJson.encode(sagemaker, sagemaker.operations.get('ListModels')!, output, 'id-1')
    expect(response).toEqual({
      status: 200,
      headers: { 'Content-Type': 'application/x-amz-json-1.1', 'x-amzn-RequestId': 'id-1' },
      body: '{"Models":[{"ModelName":"m","ModelArn":"a","CreationTime":1722945600.123}]}',
    })
    expect(awsJson.encode(sagemaker, sagemaker.operations.get('ListModels')!, { Models: [] }, 'id').body).toBe(
      '{"Models":[]}',
    )
  })

  it('write doubles with a decimal point, as clients that tell them from integers expect', () => {
    const output = {
      Datapoints: [{ Sum: 3, Average: -0, Minimum: 1e20, Maximum: 1e21, SampleCount: 0.5 }],
      Label: 'm',
    }
    const response = awsJson.encode(cloudwatch, cloudwatch.operations.get('GetMetricStatistics')!, output, 'id')
    expect(response.body).toBe(
      '{"Label":"m","Datapoints":[{"SampleCount":0.5,"Average":0.0,"Sum":3.0,"Minimum":100000000000000000000.0,"Maximum":1e+21}]}',
    )
  })

  it('have no body where the operation has no output', () => {
    const response = awsJson.encode(sagemaker, sagemaker.operations.get('DeleteModel')!, undefined, 'id-1')
    expect(response.status).toBe(200)
    expect(response.body).toBeUndefined()
  })

  it('are an empty object where all of an output is absent', () => {
    expect(awsJson.encode(sagemaker, sagemaker.operations.get('DeleteTags')!, undefined, 'id').body).toBe('{}')
  })
})

describe('awsJson errors', () => {
  it('carry code and message in every place that a client looks at', () => {
    const response = awsJson.encodeError(
      sagemaker,
      new ServiceError('ValidationException', 'Could not find model "x".'),
      'id-1',
    )
    expect(response.status).toBe(400)
    expect(response.headers).toEqual({
      'Content-Type': 'application/x-amz-json-1.1',
      'x-amzn-RequestId': 'id-1',
      'x-amzn-errortype': 'ValidationException',
    })
    expect(JSON.parse(response.body as string)).toEqual({
      __type: 'ValidationException',
      message: 'Could not find model "x".',
      Message: 'Could not find model "x".',
    })
  })

  it.each([
    [400, 400],
    [403, 400],
    [404, 400],
    [413, 413],
    [500, 500],
    [501, 501],
    [503, 503],
  ])('thrown with %d are answered %d', (status, answered) => {
    expect(awsJson.encodeError(sagemaker, new ServiceError('X', 'm', { status }), 'id').status).toBe(answered)
  })

  it('take their status from the model where it calls them a fault', () => {
    expect(awsJson.encodeError(logs, new ServiceError('ServiceUnavailableException', 'm'), 'id').status).toBe(500)
  })

  it('carry further members and headers', () => {
    const error = new ServiceError('InvalidSequenceTokenException', 'm', {
      members: { expectedSequenceToken: '7' },
      headers: { 'Retry-After': '3' },
    })
    const response = awsJson.encodeError(logs, error, 'id')
    expect(JSON.parse(response.body as string)).toMatchObject({ expectedSequenceToken: '7' })
    expect(response.headers['Retry-After']).toBe('3')
  })
})
