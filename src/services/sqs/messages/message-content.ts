import type { SealedBox } from '../../../shared/sealed-box.ts'
import type { SqsMessageRow } from '../../../storage/schema/sqs.ts'
import type { StoredAttributes } from './message-attributes.ts'

/** What a message says, apart from when and how often. */
export interface MessageContent {
  readonly body: string
  readonly attributes: StoredAttributes
  /** Of X-Ray. */
  readonly trace?: string
  /** Stored and shown; messages of a group are not held to any order. */
  readonly group?: string
}

const contextOf = (id: string): string => `sqs-message/${id}`

export function packContent(
  box: SealedBox,
  id: string,
  content: MessageContent,
  sealed: boolean,
): Pick<SqsMessageRow, 'content' | 'sealed'> {
  const text = JSON.stringify(content)
  return sealed ? { content: box.seal(text, contextOf(id)), sealed: 1 } : { content: text, sealed: 0 }
}

/** @throws Error when the message was sealed under another key */
export function unpackContent(box: SealedBox, row: Pick<SqsMessageRow, 'id' | 'content' | 'sealed'>): MessageContent {
  const text = row.sealed === 1 ? box.unseal(row.content, contextOf(row.id)) : row.content
  if (text === undefined) throw new Error(`message ${row.id} cannot be opened with this master key`)
  return JSON.parse(text) as MessageContent
}
