import type { Principal } from '../../access/principal.ts'
import type { UserContext } from '../../model/generated/sagemaker.ts'

/** The principal as CreatedBy and LastModifiedBy show it. */
export const userContext = (principal: Principal): UserContext => ({
  IamIdentity: { Arn: principal.arn, PrincipalId: principal.userId },
})
