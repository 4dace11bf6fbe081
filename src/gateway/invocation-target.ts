import type { InvocationOperation } from '../services/sagemaker-runtime/invocation-headers.ts'

/** What is asked of an endpoint, by the last part of the path. */
export const INVOCATIONS = {
  invocations: 'InvokeEndpoint',
  'async-invocations': 'InvokeEndpointAsync',
  'invocations-response-stream': 'InvokeEndpointWithResponseStream',
} as const satisfies Record<string, InvocationTarget['operation']>

/** What a request on the road of invocations asks for. */
export class InvocationTarget {
  readonly operation: InvocationOperation | 'InvokeEndpointAsync'
  /** Not yet checked. */
  readonly endpointName: string
  readonly action: string
  #region = ''
  #account = ''
  #arn = ''

  constructor(operation: InvocationTarget['operation'], endpointName: string) {
    this.operation = operation
    this.endpointName = endpointName
    this.action = `sagemaker:${operation}`
  }

  /** The endpoint's ARN for a caller of an account: one and the same string as long as the same account asks. */
  arn(region: string, account: string): string {
    if (region !== this.#region || account !== this.#account) {
      this.#region = region
      this.#account = account
      this.#arn = `arn:aws:sagemaker:${region}:${account}:endpoint/${this.endpointName.toLowerCase()}`
    }
    return this.#arn
  }
}
