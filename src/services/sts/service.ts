import type { StsOperation, StsOperations } from '../../model/generated/sts.ts'
import type { Operation, OperationTable } from '../operation.ts'
import { assumeRole } from './assume-role.ts'
import { decodeAuthorizationMessage } from './decode-authorization-message.ts'
import { getAccessKeyInfo } from './get-access-key-info.ts'
import { getCallerIdentity } from './get-caller-identity.ts'
import { getSessionToken } from './get-session-token.ts'
import type { StsDeps } from './sts-deps.ts'

type StsTable = {
  readonly [Name in StsOperation]: Operation<StsOperations[Name]['input'], StsOperations[Name]['output']>
}

/** Security Token Service: who is who, and temporary credentials. */
export const createStsService = (deps: StsDeps): OperationTable =>
  ({
    AssumeRole: (input, context) => assumeRole(deps, input, context),
    DecodeAuthorizationMessage: (input, context) => decodeAuthorizationMessage(deps, input, context),
    GetAccessKeyInfo: (input) => getAccessKeyInfo(input),
    GetCallerIdentity: (input, context) => getCallerIdentity(input, context),
    GetSessionToken: (input, context) => getSessionToken(deps, input, context),
  }) satisfies StsTable as OperationTable
