import type { StsOperation, StsOperations } from '../../model/generated/sts.ts'
import type { AuthorizationTable, NeedsOf } from '../authorization.ts'

type Inputs = { readonly [Name in StsOperation]: NeedsOf<StsOperations[Name]['input']> }

/** Source: the service authorization reference of AWS STS. GetCallerIdentity and GetSessionToken take no permission. */
const table: Inputs = {
  AssumeRole: ({ RoleArn }) => [{ action: 'sts:AssumeRole', resource: RoleArn }],
  DecodeAuthorizationMessage: () => [{ action: 'sts:DecodeAuthorizationMessage', resource: '*' }],
  GetAccessKeyInfo: () => [{ action: 'sts:GetAccessKeyInfo', resource: '*' }],
  GetCallerIdentity: () => [],
  GetSessionToken: () => [],
}

export const stsAuthorization: AuthorizationTable = table
