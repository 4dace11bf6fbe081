import { ServiceError } from '../../wire/service-error.ts'
import type { RequestContext } from '../operation.ts'

/**
 * Refuses what belongs to another account: no resource has a policy that could allow it.
 * @throws ServiceError `AccessDeniedException` in the words of a missing resource-based policy
 */
export function requireOwnAccount(context: RequestContext, account: string, action: string, arn: string): void {
  if (account === context.account) return
  throw new ServiceError(
    'AccessDeniedException',
    `User: ${context.principal.arn} is not authorized to perform: sagemaker:${action} on resource: ${arn} ` +
      `because no resource-based policy allows the sagemaker:${action} action`,
  )
}
