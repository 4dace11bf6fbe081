import type { Principal } from '../../../access/principal.ts'
import type { IamFacade } from '../../iam/facade.ts'
import { RequestFailure } from './request-failure.ts'

/** A role that is deleted and made again is taken anew by then; what it may do is asked each time. */
const KEPT_MILLISECONDS = 60_000

/**
 * The model's execution role, as which everything is done for a request.
 * @throws RequestFailure from the function when the service may not take it
 */
export function executionRole({ iam }: { readonly iam: IamFacade }, arn: string | undefined): () => Promise<Principal> {
  let kept: { readonly principal: Principal; readonly until: number } | undefined
  return async () => {
    if (kept !== undefined && kept.until > performance.now()) return kept.principal
    const principal =
      arn === undefined ? undefined : await iam.assumeRoleForService(arn, 'sagemaker.amazonaws.com', 'SageMaker')
    if (principal === undefined)
      throw new RequestFailure('RequestDownloadFailures', `The execution role ARN "${arn}" is invalid.`)
    kept = { principal, until: performance.now() + KEPT_MILLISECONDS }
    return principal
  }
}
