import type { ServiceId } from '../model/service-description.ts'

/** What tells the services apart. */
export interface RequestTraits {
  readonly method: string
  readonly path: string
  /** As sent, without the question mark. */
  readonly query: string
  /** Lower-cased header names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** The service of the signature's credential scope, if the request is signed. */
  readonly signedService: string | undefined
}

/** A service Slipway speaks, or the name of one it does not. */
export type FoundService = { readonly id: ServiceId } | { readonly unknown: string }

const BY_SIGNING_NAME: Readonly<Record<string, ServiceId>> = {
  s3: 's3',
  lambda: 'lambda',
  iam: 'iam',
  kms: 'kms',
  sts: 'sts',
  logs: 'logs',
  ecr: 'ecr',
  monitoring: 'cloudwatch',
  sns: 'sns',
  sqs: 'sqs',
  'application-autoscaling': 'application-autoscaling',
}

const BY_TARGET: Readonly<Record<string, ServiceId>> = {
  SageMaker: 'sagemaker',
  Logs_20140328: 'logs',
  AmazonEC2ContainerRegistry_V20150921: 'ecr',
  TrentService: 'kms',
  GraniteServiceVersion20100801: 'cloudwatch',
  AmazonSQS: 'sqs',
  AnyScaleFrontendService: 'application-autoscaling',
}

const BY_HOST: readonly (readonly [pattern: RegExp, id: ServiceId])[] = [
  [/^runtime\.sagemaker\./, 'sagemaker-runtime'],
  [/^api\.sagemaker\./, 'sagemaker'],
  [/^lambda\./, 'lambda'],
  [/^iam\./, 'iam'],
  [/^kms\./, 'kms'],
  [/^sts\./, 'sts'],
  [/^logs\./, 'logs'],
  [/^api\.ecr\./, 'ecr'],
  [/^monitoring\./, 'cloudwatch'],
  [/^sns\./, 'sns'],
  [/^sqs\.|\.queue\.amazonaws\.com/, 'sqs'],
  [/^application-autoscaling\./, 'application-autoscaling'],
]

/** Lambda's paths begin with the date of the API that brought them. */
const LAMBDA_PATH = /^\/20\d\d-\d\d-\d\d\/(?:functions|tags|layers|event-source-mappings|account-settings)(?:\/|$)/

/** The links in messages of SNS, which whoever has subscribed follows as they are. */
const SNS_LINK = /^Action=(?:ConfirmSubscription|Unsubscribe)&/

/**
 * Finds the service a request is for. A signature names it; without one the target, the host and the path tell. What
 * none of them settles is for S3, whose paths are anything at all.
 */
export function findService(traits: RequestTraits): FoundService {
  const { signedService, method, path, headers } = traits
  if (signedService === 'sagemaker') return { id: isRuntimePath(path) ? 'sagemaker-runtime' : 'sagemaker' }
  if (signedService !== undefined) return known(BY_SIGNING_NAME, signedService)

  const target = String(headers['x-amz-target'] ?? '')
  if (target !== '') return known(BY_TARGET, target.slice(0, Math.max(target.lastIndexOf('.'), 0)) || target)
  const host = String(headers.host ?? '')
  const byHost = BY_HOST.find(([pattern]) => pattern.test(host))
  if (byHost !== undefined) return { id: byHost[1] }
  if (method === 'POST' && isRuntimePath(path)) return { id: 'sagemaker-runtime' }
  if (LAMBDA_PATH.test(path)) return { id: 'lambda' }
  if (path === '/' && SNS_LINK.test(traits.query)) return { id: 'sns' }
  if (method === 'POST' && path === '/' && isForm(headers)) return { id: 'sts' }
  return { id: 's3' }
}

function known(names: Readonly<Record<string, ServiceId>>, name: string): FoundService {
  const id = Object.hasOwn(names, name) ? names[name] : undefined
  return id === undefined ? { unknown: name } : { id }
}

const isRuntimePath = (path: string): boolean => path.startsWith('/endpoints/')

/** Whether the request speaks the query protocol, and so expects its errors in XML. */
export const isForm = (headers: RequestTraits['headers']): boolean =>
  String(headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded')
