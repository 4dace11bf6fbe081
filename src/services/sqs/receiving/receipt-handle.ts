import { randomBytes } from 'node:crypto'
import type { SealedBox } from '../../../shared/sealed-box.ts'
import { receiptInvalid } from '../errors.ts'

/** One receive of one message. */
export interface Receipt {
  readonly messageId: string
  readonly nonce: string
}

export const newNonce = (): string => randomBytes(9).toString('base64url')

const contextOf = (arn: string): string => `sqs-receipt/${arn}`

/** Sealed, so that whoever may delete from a queue deletes only what has been received from it. */
export const sealReceipt = (box: SealedBox, queueArn: string, { messageId, nonce }: Receipt): string =>
  box.seal(`${messageId} ${nonce}`, contextOf(queueArn))

/** @throws ReceiptHandleIsInvalid for what this queue has never given out */
export function openReceipt(box: SealedBox, queueArn: string, handle: string): Receipt {
  const [messageId, nonce] = box.unseal(handle, contextOf(queueArn))?.split(' ') ?? []
  if (messageId === undefined || nonce === undefined) throw receiptInvalid(handle)
  return { messageId, nonce }
}
