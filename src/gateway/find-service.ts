import type { ServiceId } from '../model/service-description.ts'

/** What tells the services apart. */
export interface RequestTraits {
  readonly method: string
  readonly path: string
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
  sts: 'sts',
  logs: 'logs',
}

/** `sagemaker` in a target or a host name, and what else may stand there. */
const BY_TARGET: readonly (readonly [prefix: string, id: ServiceId])[] = [
  ['SageMaker.', 'sagemaker'],
  ['Logs_20140328.', 'logs'],
]

const BY_HOST: readonly (readonly [pattern: RegExp, id: ServiceId])[] = [
  [/^runtime\.sagemaker\./, 'sagemaker-runtime'],
  [/^api\.sagemaker\./, 'sagemaker'],
  [/^lambda\./, 'lambda'],
  [/^iam\./, 'iam'],
  [/^sts\./, 'sts'],
  [/^logs\./, 'logs'],
]

/**
 * Finds the service a request is for. A signature names it; without one the target, the host and the path tell. What
 * none of them settles is for S3, whose paths are anything at all.
 */
export function findService(traits: RequestTraits): FoundService {
  const { signedService, path } = traits
  if (signedService === 'sagemaker') return { id: isRuntimePath(path) ? 'sagemaker-runtime' : 'sagemaker' }
  if (signedService !== undefined) {
    const id = Object.hasOwn(BY_SIGNING_NAME, signedService) ? BY_SIGNING_NAME[signedService] : undefined
    return id === undefined ? { unknown: signedService } : { id }
  }
  const target = String(traits.headers['x-amz-target'] ?? '')
  const byTarget = BY_TARGET.find(([prefix]) => target.startsWith(prefix))
  if (byTarget !== undefined) return { id: byTarget[1] }
  const host = String(traits.headers.host ?? '')
  const byHost = BY_HOST.find(([pattern]) => pattern.test(host))
  if (byHost !== undefined) return { id: byHost[1] }
  if (traits.method === 'POST' && isRuntimePath(path)) return { id: 'sagemaker-runtime' }
  if (
    /^\/(2015-03-31|2017-03-31|2017-10-31|2019-09-25|2020-06-30)\/(functions|tags|layers|event-source-mappings|account-settings)/.test(
      path,
    )
  )
    return { id: 'lambda' }
  if (target !== '') return { unknown: target.split('.')[0] ?? target }
  if (
    traits.method === 'POST' &&
    path === '/' &&
    String(traits.headers['content-type']).startsWith('application/x-www-form-urlencoded')
  )
    return { id: 'sts' }
  return { id: 's3' }
}

const isRuntimePath = (path: string): boolean => path.startsWith('/endpoints/')

/** The service named by a signature's credential scope, from the header or the presigned query, unverified. */
export function signedService(authorization: string | undefined, query: string): string | undefined {
  const fromHeader = /Credential=[^/\s,]+\/[^/\s,]+\/[^/\s,]+\/([^/\s,]+)\//.exec(authorization ?? '')?.[1]
  if (fromHeader !== undefined) return fromHeader
  const credential = /(?:^|&)X-Amz-Credential=([^&]+)/.exec(query)?.[1]
  return credential === undefined ? undefined : credential.split(/%2F|\//i)[3]
}
