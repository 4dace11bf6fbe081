import type { SealedBox } from '../../../shared/sealed-box.ts'
import { invalidParameter } from '../errors.ts'

const DAY = 24 * 60 * 60_000
/** Source: "Confirm an Amazon SNS subscription": tokens are valid for two days. */
const VALID = 2 * DAY
const CONTEXT = 'sns-subscription-token'

/** What the endpoint sends back to prove that it wants the messages. Nobody else can make one. */
export const issueToken = (box: SealedBox, subscriptionId: string, now: number): string =>
  box.seal(`${subscriptionId} ${now + VALID}`, CONTEXT)

/** The subscription that a token is about. @throws InvalidParameter */
export function openToken(box: SealedBox, token: string, now: number): string {
  const [id, until] = box.unseal(token, CONTEXT)?.split(' ') ?? []
  if (id === undefined || Number(until) < now) throw invalidParameter('Token')
  return id
}
