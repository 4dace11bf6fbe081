import { isOwnSession } from '../../access/principals.ts'
import type { StsOperation, StsOperations } from '../../model/generated/sts.ts'
import type { AuthorizationTable, NeedsOf } from '../authorization.ts'
import { notWithSession } from './errors.ts'

type Inputs = { readonly [Name in StsOperation]: NeedsOf<StsOperations[Name]['input']> }

/** Credentials of GetSessionToken can call no more of STS than AssumeRole and GetCallerIdentity. */
const onAll =
  (operation: StsOperation): NeedsOf<unknown> =>
  (_input, { principal }) => {
    if (isOwnSession(principal)) throw notWithSession(operation)
    return [{ action: `sts:${operation}`, resource: '*' }]
  }

/**
 * Source: the service authorization reference of AWS STS. GetCallerIdentity and GetSessionToken take no permission.
 * AssumeRole's handler asks: the role's trust policy has its say, and it looks at what the request gives.
 */
const table: Inputs = {
  AssumeRole: () => [],
  DecodeAuthorizationMessage: onAll('DecodeAuthorizationMessage'),
  GetAccessKeyInfo: onAll('GetAccessKeyInfo'),
  GetCallerIdentity: () => [],
  GetSessionToken: () => [],
}

export const stsAuthorization: AuthorizationTable = table
