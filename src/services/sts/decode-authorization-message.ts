import type {
  DecodeAuthorizationMessageRequest,
  DecodeAuthorizationMessageResponse,
} from '../../model/generated/sts.ts'
import type { RequestContext } from '../operation.ts'
import { invalidAuthorizationMessage } from './errors.ts'
import type { StsDeps } from './sts-deps.ts'

/**
 * Why a request was refused: for the account of the principal and the owner of the resource, each as far as its own
 * policies go. Takes the encoded message of a refusal, or its request id.
 * @throws InvalidAuthorizationMessageException for anything else, and for what concerns other accounts
 */
export async function decodeAuthorizationMessage(
  deps: StsDeps,
  input: DecodeAuthorizationMessageRequest,
  context: RequestContext,
): Promise<DecodeAuthorizationMessageResponse> {
  const decoded = await deps.iam.decodeAuthorizationMessage(input.EncodedMessage, context.account)
  if (decoded === undefined) throw invalidAuthorizationMessage()
  return { DecodedMessage: decoded }
}
