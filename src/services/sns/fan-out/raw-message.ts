import type { QueuedMessage } from '../../sqs/facade.ts'
import { messageFor, type PublicationContent } from '../publishing/publication.ts'

/** What a queue gets that has subscribed raw: the message itself, with its attributes and its group. */
export function rawMessage(content: PublicationContent, protocol: string): QueuedMessage {
  const { attributes, group } = content
  return { body: messageFor(content, protocol), attributes, ...(group !== undefined && { group }) }
}
