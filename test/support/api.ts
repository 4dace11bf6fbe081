import { type Caller, rawCall } from './api-call.ts'

/** What a service answered to a request that it refused. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
}

type Document = Record<string, unknown>

/** The calls of a hosting test; what real clients send is tested with real clients. */
export interface Api {
  sagemaker(operation: string, input: Document): Promise<Document>
  logs(operation: string, input: Document): Promise<Document>
  cloudwatch(operation: string, input: Document): Promise<Document>
  scaling(operation: string, input: Document): Promise<Document>
  iam(action: string, parameters: Readonly<Record<string, string>>): Promise<string>
  putObject(bucket: string, key: string, body: Uint8Array): Promise<void>
  deleteObject(bucket: string, key: string): Promise<void>
  createBucket(bucket: string): Promise<void>
  /** Resolves to the function's ARN. */
  createFunction(input: Document): Promise<string>
  invoke(endpoint: string, request?: InvokeRequest): Promise<Invoked>
}

export interface InvokeRequest {
  readonly body?: string
  /** Commands for the test container. */
  readonly commands?: string
  readonly variant?: string
  /** The container of several that is to answer. */
  readonly container?: string
  /** Default `text/plain`. */
  readonly type?: string
}

export interface Invoked {
  readonly status: number
  readonly body: string
  readonly variant: string | null
  readonly type: string | null
}

/** `server` is asked at each request: one that has been restarted has another port. */
export function apiOf(server: () => Caller): Api {
  const demand = async (service: string, request: Parameters<typeof rawCall>[2]): Promise<string> => {
    const answer = await rawCall(server(), service, request)
    if (answer.status >= 300) throw new ApiError(`${answer.status} ${answer.text}`)
    return answer.text
  }
  const json = (service: string, prefix: string) => async (operation: string, input: Document) => {
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `${prefix}.${operation}` }
    const text = await demand(service, { headers, body: JSON.stringify(input) })
    return (text === '' ? {} : JSON.parse(text)) as Document
  }
  return {
    sagemaker: json('sagemaker', 'SageMaker'),
    logs: json('logs', 'Logs_20140328'),
    cloudwatch: json('monitoring', 'GraniteServiceVersion20100801'),
    scaling: json('application-autoscaling', 'AnyScaleFrontendService'),
    iam: (action, parameters) => {
      const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }
      const form = new URLSearchParams({ Action: action, Version: '2010-05-08', ...parameters })
      return demand('iam', { headers, body: form.toString() })
    },
    putObject: async (bucket, key, body) => {
      await demand('s3', { method: 'PUT', target: `/${bucket}/${key}`, body })
    },
    deleteObject: async (bucket, key) => {
      await demand('s3', { method: 'DELETE', target: `/${bucket}/${key}` })
    },
    createBucket: async (bucket) => {
      await demand('s3', { method: 'PUT', target: `/${bucket}` })
    },
    createFunction: async (input) => {
      const headers = { 'content-type': 'application/json' }
      const text = await demand('lambda', {
        target: '/2015-03-31/functions',
        headers,
        body: JSON.stringify(input),
      })
      return (JSON.parse(text) as { FunctionArn: string }).FunctionArn
    },
    invoke: async (endpoint, { body = 'hello', commands, variant, container, type = 'text/plain' } = {}) => {
      const headers = {
        'content-type': type,
        ...(commands !== undefined && { 'x-amzn-sagemaker-custom-attributes': commands }),
        ...(variant !== undefined && { 'x-amzn-sagemaker-target-variant': variant }),
        ...(container !== undefined && { 'x-amzn-sagemaker-target-container-hostname': container }),
      }
      const target = `/endpoints/${endpoint}/invocations`
      const answer = await rawCall(server(), 'sagemaker', { target, headers, body })
      return {
        status: answer.status,
        body: answer.text,
        variant: answer.headers.get('x-amzn-invoked-production-variant'),
        type: answer.headers.get('content-type'),
      }
    },
  }
}
