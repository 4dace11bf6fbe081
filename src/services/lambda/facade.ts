import type { Principal } from '../../access/principal.ts'
import type { Statement } from '../../storage/database.ts'
import type { RequestOrigin } from '../authorizer.ts'

export interface InvocationResult {
  /** The function's JSON answer, or its error document. */
  readonly payload: Uint8Array
  /** `Handled` or `Unhandled` when the function failed. */
  readonly functionError: string | undefined
}

/** A function that the principal may invoke. */
export interface OpenFunction {
  /** Has it handle an event later, at least once, within the caller's unit of work. */
  enqueue(event: string): readonly Statement[]
}

/** Lambda for the other services. */
export interface LambdaFacade {
  /**
   * Invokes synchronously as `principal`, who must be allowed to. `functionArn` may carry a version or alias. Throws the
   * API's ServiceErrors (ResourceNotFoundException, AccessDeniedException, TooManyRequestsException); a failing function
   * is no error here.
   * @param origin the request that makes the service invoke it, if it is one
   */
  invoke(
    principal: Principal,
    functionArn: string,
    payload: Uint8Array,
    signal: AbortSignal,
    origin?: RequestOrigin,
  ): Promise<InvocationResult>

  /**
   * Asks whether the principal may invoke the function.
   * @param conditions condition keys that say for whom it acts, such as `aws:sourcearn`
   * @throws ResourceNotFoundException, AccessDeniedException
   */
  openFunction(
    principal: Principal,
    functionArn: string,
    conditions?: Readonly<Record<string, string>>,
  ): Promise<OpenFunction>
}
