import { type ApiAnswer, type Caller, rawCall } from '../support/api-call.ts'

export type Document = Readonly<Record<string, unknown>>

/** The calls with which resources are made and looked at; each resolves to what the service answered. */
export interface Calls {
  readonly caller: Caller
  json(service: keyof typeof PREFIXES, operation: string, input: Document): Promise<Document>
  /** IAM, STS and SNS. Resolves to the XML. */
  query(service: 'iam' | 'sts' | 'sns', action: string, parameters: Readonly<Record<string, string>>): Promise<string>
  lambda(method: 'GET' | 'POST', path: string, input?: Document): Promise<Document>
  s3(method: string, target: string, body?: string | Uint8Array): Promise<ApiAnswer>
}

const PREFIXES = {
  sagemaker: 'SageMaker',
  kms: 'TrentService',
  ecr: 'AmazonEC2ContainerRegistry_V20150921',
  logs: 'Logs_20140328',
  sqs: 'AmazonSQS',
  'application-autoscaling': 'AnyScaleFrontendService',
} as const

const VERSIONS = { iam: '2010-05-08', sts: '2011-06-15', sns: '2010-03-31' } as const

/** The calls of one caller. Each rejects, with the answer in its message, when it is refused. */
export function callsOf(caller: Caller): Calls {
  const demand = async (service: string, request: Parameters<typeof rawCall>[2]) => {
    const answer = await rawCall(caller, service, request)
    if (answer.status >= 300) throw new Error(`${service}: ${answer.status} ${answer.text}`)
    return answer
  }
  return {
    caller,
    json: async (service, operation, input) => {
      const headers = {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `${PREFIXES[service]}.${operation}`,
      }
      return (await demand(service, { headers, body: JSON.stringify(input) })).json ?? {}
    },
    query: async (service, action, parameters) => {
      const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }
      const form = new URLSearchParams({ Action: action, Version: VERSIONS[service], ...parameters })
      return (await demand(service, { headers, body: form.toString() })).text
    },
    lambda: async (method, path, input) => {
      const request = {
        method,
        target: `/2015-03-31/functions${path}`,
        headers: { 'content-type': 'application/json' },
      }
      const body = input === undefined ? {} : { body: JSON.stringify(input) }
      return (await demand('lambda', { ...request, ...body })).json ?? {}
    },
    s3: (method, target, body) => demand('s3', { method, target, ...(body !== undefined && { body }) }),
  }
}

/** The text of an element of an answer in XML. */
export function element(xml: string, name: string): string {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)
  if (found === null) throw new Error(`there is no ${name} in ${xml}`)
  return found[1] as string
}
