import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface Heard {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A web server that subscribes, and keeps what it is sent. */
export interface WebSubscriber {
  readonly url: string
  readonly heard: Heard[]
  /** What it answers from now on: a status, or nothing at all; a function decides for each message. */
  answer: number | 'nothing' | ((message: Heard) => number | Promise<number>)
  /** The bodies of one type of message, parsed. */
  messages(type: string): readonly Record<string, string>[]
  stop(): Promise<void>
}

/** On a free port, or where one was before. */
export async function startWebSubscriber(at = 0): Promise<WebSubscriber> {
  const server = createServer((request, response) => void hear(request, response.writeHead.bind(response), response))
  const subscriber: WebSubscriber = {
    url: '',
    heard: [],
    answer: 200,
    messages: (type) =>
      subscriber.heard
        .filter(({ headers }) => headers['x-amz-sns-message-type'] === type)
        .map(({ body }) => JSON.parse(body) as Record<string, string>),
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  async function hear(
    request: IncomingMessage,
    writeHead: (status: number, headers: Record<string, string>) => unknown,
    response: { end(text?: string): unknown },
  ) {
    const message = { path: request.url ?? '', headers: request.headers, body: await text(request) }
    subscriber.heard.push(message)
    const { answer } = subscriber
    if (answer === 'nothing') return
    writeHead(typeof answer === 'number' ? answer : await answer(message), { location: 'http://127.0.0.1:1/elsewhere' })
    response.end('thanks')
  }
  await new Promise<void>((resolve) => server.listen(at, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return Object.assign(subscriber, { url: `http://127.0.0.1:${port}` })
}
