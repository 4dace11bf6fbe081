import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { loadService } from '../model/service-description.ts'
import type { WireRequest } from './protocol.ts'
import { restJson } from './rest-json.ts'
import { ServiceError } from './service-error.ts'

const lambda = loadService('lambda')
const runtime = loadService('sagemaker-runtime')

function request(method: string, target: string, headers: Record<string, string> = {}): WireRequest {
  const [path = '', query = ''] = target.split('?')
  return { method, path, query, headers }
}

describe('rest-json detection', () => {
  it.each([
    ['POST', '/2015-03-31/functions', 'CreateFunction', {}],
    ['GET', '/2015-03-31/functions/', 'ListFunctions', {}],
    ['GET', '/2015-03-31/functions', 'ListFunctions', {}],
    ['GET', '/2015-03-31/functions/f', 'GetFunction', { FunctionName: 'f' }],
    [
      'GET',
      '/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A1%3Afunction%3Af',
      'GetFunction',
      { FunctionName: 'arn:aws:lambda:us-east-1:1:function:f' },
    ],
    ['GET', '/2015-03-31/functions/f/configuration', 'GetFunctionConfiguration', { FunctionName: 'f' }],
    ['POST', '/2015-03-31/functions/f/invocations', 'Invoke', { FunctionName: 'f' }],
    ['DELETE', '/2015-03-31/functions/f/policy/s%2F1', 'RemovePermission', { FunctionName: 'f', StatementId: 's/1' }],
    ['GET', '/2018-10-31/layers', 'ListLayers', {}],
    ['GET', '/2018-10-31/layers?find=LayerVersion&Arn=a', 'GetLayerVersionByArn', {}],
  ])('%s %s is %s', (method, target, name, labels) => {
    const detected = restJson.detect(lambda, request(method, target))
    expect(detected?.operation.name).toBe(name)
    expect(detected?.labels).toEqual(labels)
  })

  it('finds an operation whose required parameter is missing, so that its caller is told', () => {
    expect(restJson.detect(lambda, request('DELETE', '/2017-03-31/tags/arn'))?.operation.name).toBe('UntagResource')
  })

  it.each([
    ['PATCH', '/2015-03-31/functions'],
    ['GET', '/'],
    ['GET', '/2015-03-31/functions/f/nothing'],
    ['GET', '/2015-03-31/functions//configuration'],
  ])('knows no %s %s', (method, target) => {
    expect(restJson.detect(lambda, request(method, target))).toBeUndefined()
  })

  it('refuses broken percent-encoding', () => {
    expect(() => restJson.detect(lambda, request('GET', '/2015-03-31/functions/%ff'))).toThrowError(
      expect.objectContaining({ code: 'SerializationException' }),
    )
  })
})

describe('rest-json requests', () => {
  const decode = (wire: WireRequest, body: Uint8Array | Readable, description = lambda) => {
    const detected = restJson.detect(description, wire)
    if (detected === undefined) throw new Error('No operation.')
    return restJson.decode(description, detected, wire, body)
  }

  it('join what path, query, headers and body say', () => {
    const headers = { 'x-amz-invocation-type': 'Event', 'x-amz-client-context': 'e30=' }
    const input = decode(
      request('POST', '/2015-03-31/functions/f/invocations?Qualifier=1', headers),
      Buffer.from('{"a":1}'),
    )
    expect(input).toEqual({
      FunctionName: 'f',
      Qualifier: '1',
      InvocationType: 'Event',
      ClientContext: 'e30=',
      Payload: Buffer.from('{"a":1}'),
    })
  })

  it('decode base64 in the body, and refuse what is none', () => {
    const create = (zip: string) =>
      decode(request('POST', '/2015-03-31/functions'), Buffer.from(JSON.stringify({ Code: { ZipFile: zip } })))
    expect(create('AP8=')).toEqual({ Code: { ZipFile: Buffer.from([0, 255]) } })
    expect(() => create('not base64!')).toThrowError(expect.objectContaining({ code: 'SerializationException' }))
  })

  it('hold lists in the query string by repeating the name', () => {
    expect(decode(request('DELETE', '/2017-03-31/tags/arn?tagKeys=a&tagKeys=b%20c'), Buffer.alloc(0))).toEqual({
      Resource: 'arn',
      TagKeys: ['a', 'b c'],
    })
  })

  it('are refused where a number is none', () => {
    expect(() => decode(request('GET', '/2015-03-31/functions?MaxItems=many'), Buffer.alloc(0))).toThrowError(
      expect.objectContaining({ code: 'SerializationException' }),
    )
  })

  it('never take from the body what belongs elsewhere', () => {
    const input = decode(
      request('PUT', '/2015-03-31/functions/f/code'),
      Buffer.from('{"FunctionName":"g","DryRun":true}'),
    )
    expect(input).toEqual({ FunctionName: 'f', DryRun: true })
  })

  it('hand a streamed body on as it is', () => {
    const body = Readable.from(['x'])
    const headers = { 'content-type': 'text/csv', 'x-amzn-sagemaker-custom-attributes': 'c=1' }
    const wire = request('POST', '/endpoints/e/invocations', headers)
    expect(decode(wire, body, runtime)).toEqual({
      EndpointName: 'e',
      ContentType: 'text/csv',
      CustomAttributes: 'c=1',
      Body: body,
    })
    expect(restJson.detect(runtime, wire)?.operation.streamsInput).toBe(true)
  })
})

describe('rest-json responses', () => {
  it('put members into headers, status and body', () => {
    const output = { StatusCode: 202, FunctionError: 'Unhandled', Payload: Buffer.from('{}') }
    expect(restJson.encode(lambda, lambda.operations.get('Invoke')!, output, 'id-1')).toEqual({
      status: 202,
      headers: { 'X-Amz-Function-Error': 'Unhandled', 'x-amzn-RequestId': 'id-1' },
      body: Buffer.from('{}'),
    })
  })

  it('have the published status and no body where there is nothing to say', () => {
    const response = restJson.encode(lambda, lambda.operations.get('RemovePermission')!, undefined, 'id')
    expect(response.status).toBe(204)
    expect(response.body).toBeUndefined()
  })

  it('never let a value end its header', () => {
    const output = { Body: Buffer.alloc(0), CustomAttributes: 'a\r\nSet-Cookie: b=c' }
    const { headers } = restJson.encode(runtime, runtime.operations.get('InvokeEndpoint')!, output, 'id')
    expect(headers['X-Amzn-SageMaker-Custom-Attributes']).toMatch(/^=\?UTF-8\?B\?[A-Za-z0-9+/=]+\?=$/)
  })
})

describe('rest-json errors', () => {
  it('show the members of a modelled error', () => {
    const error = new ServiceError('ModelError', 'It failed.', {
      status: 424,
      members: { OriginalStatusCode: 400, OriginalMessage: 'bad input', LogStreamArn: 'arn' },
    })
    const response = restJson.encodeError(runtime, error, 'id-1')
    expect(response.status).toBe(424)
    expect(response.headers).toEqual({
      'Content-Type': 'application/json',
      'x-amzn-RequestId': 'id-1',
      'x-amzn-errortype': 'ModelError',
    })
    expect(JSON.parse(response.body as string)).toEqual({
      message: 'It failed.',
      Message: 'It failed.',
      OriginalStatusCode: 400,
      OriginalMessage: 'bad input',
      LogStreamArn: 'arn',
    })
  })

  it('take a status they were thrown without from the model', () => {
    expect(restJson.encodeError(lambda, new ServiceError('ResourceNotFoundException', 'm'), 'id').status).toBe(404)
    expect(restJson.encodeError(lambda, new ServiceError('ResourceConflictException', 'm'), 'id').status).toBe(409)
  })

  it('write into headers what the model puts there', () => {
    const error = new ServiceError('TooManyRequestsException', 'm', {
      members: { retryAfterSeconds: '7', Reason: 'CallerRateLimitExceeded' },
    })
    const response = restJson.encodeError(lambda, error, 'id')
    expect(response.headers['Retry-After']).toBe('7')
    expect(JSON.parse(response.body as string)).toEqual({
      message: 'm',
      Message: 'm',
      Reason: 'CallerRateLimitExceeded',
    })
  })
})
