import { spawnSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  loadService,
  type OperationModel,
  type ProtocolName,
  type ServiceDescription,
  type ServiceId,
  type Shape,
} from '../../src/model/service-description.ts'
import type { WireRequest, WireResponse } from '../../src/wire/protocol.ts'
import { protocols } from '../../src/wire/protocols.ts'
import { ServiceError } from '../../src/wire/service-error.ts'
import { spokenProtocol } from '../../src/wire/spoken-protocol.ts'
import { PYTHON } from '../support/python.ts'
import { sample, tagged } from './samples.ts'

// Every implemented operation, with every member set, through botocore's own serializers and parsers.

const SERVICES: readonly ServiceId[] = [
  'sagemaker',
  'sagemaker-runtime',
  's3',
  'lambda',
  'iam',
  'sts',
  'logs',
  'cloudwatch',
]

/** Every protocol of every service: CloudWatch speaks three. */
const spoken = SERVICES.flatMap((id) => {
  const description = loadService(id)
  return description.protocols.map((protocol) => ({ description, protocol }))
})

interface Serialized {
  readonly method: string
  readonly url: string
  readonly headers: Record<string, string>
  readonly body: string
}

interface Case {
  readonly description: ServiceDescription
  readonly protocol: ProtocolName
  readonly operation: OperationModel
}

const cases: Case[] = spoken.flatMap(({ description, protocol }) =>
  [...description.operations.values()]
    .filter((operation) => operation.implemented)
    .map((operation) => ({ description, protocol, operation })),
)

function ask<T>(tasks: readonly object[]): T[] {
  const script = fileURLToPath(new URL('oracle.py', import.meta.url))
  const { status, stdout, stderr } = spawnSync(PYTHON, [script], {
    input: JSON.stringify(tasks),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  if (status !== 0) throw new Error(`The oracle failed: ${stderr}`)
  return JSON.parse(stdout) as T[]
}

const withInput = cases.filter(({ operation }) => operation.input !== undefined)
// botocore reads GetBucketLocation's bare root element in a hook of the client, not in its parser; an event stream has tests
// of its own.
const ELSEWHERE = new Set(['GetBucketLocation', 'InvokeEndpointWithResponseStream'])
const withOutput = cases.filter(({ operation }) => operation.output !== undefined && !ELSEWHERE.has(operation.name))
const named = ({ description, protocol, operation }: Case) => ({
  name: `${description.id} ${operation.name} in ${protocol}`,
  description,
  protocol,
  operation,
})

describe('requests of botocore', () => {
  let requests: Serialized[]

  beforeAll(() => {
    const tasks = withInput.map(({ description, protocol, operation }) => {
      const shape = operation.input as Shape
      const params = tagged(shape, sample(shape))
      return { kind: 'serialize', service: description.id, protocol, operation: operation.name, params }
    })
    requests = ask<Serialized>(tasks)
  })

  it.each(withInput.map(named).map((entry, index) => ({ ...entry, index })))(
    '$name is detected and decoded',
    (entry) => {
      const { description, operation, index } = entry
      const sent = requests[index] as Serialized
      const url = new URL(sent.url)
      const body = Buffer.from(sent.body, 'base64')
      const headers = Object.fromEntries(Object.entries(sent.headers).map(([key, value]) => [key.toLowerCase(), value]))
      // The digest of a document is verified as it is read, so a sample of one would be refused.
      const digest = hash('md5', body, 'base64')
      if (description.id === 's3' && body.length > 0) headers['content-md5'] = digest
      const request: WireRequest = { method: sent.method, path: url.pathname, query: url.search.slice(1), headers }
      expect(spokenProtocol(description, headers)).toBe(entry.protocol)
      const protocol = protocols[entry.protocol]
      const detected = protocol.detect(description, request, body)
      expect(detected?.operation.name).toBe(operation.name)
      if (detected === undefined) return
      const shape = operation.input as Shape
      const input = protocol.decode(description, detected, request, body)
      const expected = sample(shape) as Record<string, unknown>
      if (headers['content-md5'] === digest && 'ContentMD5' in expected) expected.ContentMD5 = digest
      expect(tagged(shape, input)).toEqual(tagged(shape, expected))
    },
  )
})

describe('responses to botocore', () => {
  let parsed: Record<string, unknown>[]

  beforeAll(() => {
    const tasks = withOutput.map(({ description, protocol, operation }) => {
      const output = sample(operation.output as Shape)
      const response = protocols[protocol].encode(description, operation, output, 'request-1')
      return { kind: 'parse', service: description.id, protocol, operation: operation.name, ...onTheWire(response) }
    })
    parsed = ask<Record<string, unknown>>(tasks)
  })

  it.each(withOutput.map(named).map((entry, index) => ({ ...entry, index })))(
    '$name is read back',
    ({ operation, index }) => {
      const { ResponseMetadata: metadata, ...output } = parsed[index] as { ResponseMetadata: { RequestId?: string } }
      const shape = operation.output as Shape
      expect(output).toEqual(tagged(shape, sample(shape)))
      expect(metadata.RequestId).toBe('request-1')
    },
  )
})

describe('errors to botocore', () => {
  const errors = spoken.flatMap(({ description, protocol }) => {
    const operation = [...description.operations.values()].find((candidate) => candidate.implemented) as OperationModel
    return [...description.errors.keys(), 'SomeOtherCode'].map((code) => ({
      name: `${description.id} ${code} in ${protocol}`,
      description,
      protocol,
      operation,
      code,
    }))
  })
  let parsed: {
    Error: { Code: string; Message: string }
    ResponseMetadata: { RequestId: string; HTTPStatusCode: number }
  }[]

  beforeAll(() => {
    const tasks = errors.map(({ description, protocol, operation, code }) => {
      const error = new ServiceError(code, 'Said with <care> & "quotes".')
      const response = protocols[protocol].encodeError(description, error, 'request-2', '/some/where')
      return { kind: 'parse', service: description.id, protocol, operation: operation.name, ...onTheWire(response) }
    })
    parsed = ask(tasks)
  })

  it.each(errors.map((entry, index) => ({ ...entry, index })))(
    '$name is recognised',
    ({ code, description, protocol, index }) => {
      const { Error: error, ResponseMetadata: metadata } = parsed[index] as (typeof parsed)[number]
      expect(error).toMatchObject({ Code: code, Message: 'Said with <care> & "quotes".' })
      expect(metadata.RequestId).toBe('request-2')
      const published = description.errors.get(code)?.error
      const usual = published?.fault === true ? 500 : 400
      const status = published?.status ?? usual
      expect(metadata.HTTPStatusCode).toBe(protocol === 'json' && status < 500 ? 400 : status)
    },
  )
})

const onTheWire = ({ status, headers, body }: WireResponse) => ({
  status,
  headers,
  body: Buffer.from((body ?? '') as string | Uint8Array).toString('base64'),
})
