import type { Principal } from '../../../access/principal.ts'
import { ServiceError } from '../../../wire/service-error.ts'

/** Whether temporary credentials of GetSessionToken sign: those of a user or root, as opposed to a role's. */
export const isOwnSession = ({ kind, session }: Principal): boolean =>
  session !== undefined && (kind === 'user' || kind === 'root')

/** IAM's answer to credentials of GetSessionToken without MFA, which are good for every service but IAM. */
export const notWithoutMfa = (): ServiceError =>
  new ServiceError('InvalidClientTokenId', 'The security token included in the request is invalid', { status: 403 })
