import { apiCall, type Caller, rawCall } from './api-call.ts'

/** Topics and queues of a running server, called by hand: what real clients send is tested with real clients. */
export interface MessagingCalls {
  /** Resolves to the answer's XML. Nested names have dots: `Attributes.entry.1.key`. */
  topics(action: string, parameters: Readonly<Record<string, string>>): Promise<string>
  queues(operation: string, input: object): Promise<Record<string, unknown>>
  /** Takes and deletes what is in a queue now; the bodies, one for each message. */
  drain(url: string): Promise<readonly string[]>
}

interface Received {
  readonly Body: string
  readonly ReceiptHandle: string
}

/** `server` is asked at each request: one that has been restarted has another port. */
export function messagingCalls(server: () => Caller): MessagingCalls {
  const queues = (operation: string, input: object) => apiCall(server(), 'sqs', `AmazonSQS.${operation}`, input)
  return {
    async topics(action, parameters) {
      const body = new URLSearchParams({ Action: action, Version: '2010-03-31', ...parameters }).toString()
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      const answer = await rawCall(server(), 'sns', { headers, body })
      if (answer.status !== 200) throw new Error(`${action}: ${answer.status} ${answer.text}`)
      return answer.text
    },
    queues,
    async drain(url) {
      const bodies: string[] = []
      for (;;) {
        const { Messages = [] } = await queues('ReceiveMessage', { QueueUrl: url, MaxNumberOfMessages: 10 })
        const messages = Messages as readonly Received[]
        if (messages.length === 0) return bodies
        bodies.push(...messages.map(({ Body }) => Body))
        const Entries = messages.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle }))
        await queues('DeleteMessageBatch', { QueueUrl: url, Entries })
      }
    },
  }
}

/** The text of an XML element; empty when there is none. */
export const elementOf = (xml: string, name: string): string =>
  new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]?.replaceAll('&amp;', '&') ?? ''
