import type { SealedBox } from '../../../shared/sealed-box.ts'
import type { Denial } from '../authorization/create-authorizer.ts'

/** What a refusal carries for an administrator: enough to find its record, and to say the essence without one. */
export interface AuthorizationMessage {
  readonly requestId: string
  /** Epoch milliseconds. */
  readonly at: number
  readonly principal: string
  readonly principalId: string
  readonly principalAccount: string
  readonly resourceAccount: string
  readonly action: string
  readonly resource: string
  readonly explicit: boolean
}

const CONTEXT = 'authorization-message/1'
/** Characters of a resource that are kept: long enough for an S3 key within an ARN. The whole message may have 10,240. */
export const MAX_RESOURCE = 1_536

/** Sealed, so that whoever was refused learns nothing from it. */
export function sealMessage(box: SealedBox, { id, at, request, decision }: Denial): string {
  const { principal, action, resource, resourceAccount } = request
  const message: AuthorizationMessage = {
    requestId: id,
    at,
    principal: principal.arn,
    principalId: principal.userId,
    principalAccount: principal.account,
    resourceAccount: resourceAccount === '' ? principal.account : resourceAccount,
    action,
    resource: resource.slice(0, MAX_RESOURCE),
    explicit: decision.explicit,
  }
  return box.seal(JSON.stringify(message), CONTEXT)
}

/** Undefined for what this server has not sealed. */
export function openMessage(box: SealedBox, sealed: string): AuthorizationMessage | undefined {
  const text = box.unseal(sealed, CONTEXT)
  return text === undefined ? undefined : (JSON.parse(text) as AuthorizationMessage)
}
