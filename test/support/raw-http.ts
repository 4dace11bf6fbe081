import { connect } from 'node:net'

/** One answer as it was on the wire. */
export interface RawAnswer {
  readonly status: number
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

export interface TalkOptions {
  /** What to send once the first answer has come. */
  readonly afterFirst?: string
  /** How many answers to wait for. Default 1. */
  readonly answers?: number
  readonly timeout?: number
}

/**
 * Sends bytes to a local port as they are and returns the answers: as many as are asked for, or those that came before
 * the server closed the connection. For what HTTP clients refuse to send.
 */
export function talk(
  port: number,
  bytes: string | Uint8Array,
  { answers = 1, timeout = 20_000, afterFirst }: TalkOptions = {},
): Promise<readonly RawAnswer[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let received = Buffer.alloc(0)
    let next = afterFirst
    const finish = (end: () => void) => {
      clearTimeout(deadline)
      socket.destroy()
      end()
    }
    const deadline = setTimeout(
      () => finish(() => reject(new Error(`no answer in ${timeout} ms; so far: ${received.toString('latin1')}`))),
      timeout,
    )
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      const found = parseAnswers(received)
      if (next !== undefined && found.length > 0) {
        socket.write(next)
        next = undefined
      }
      if (found.length >= answers) finish(() => resolve(found))
    })
    socket.on('close', () => finish(() => resolve(parseAnswers(received))))
    // A reset after the answer is the server's right.
    socket.on('error', () => {})
    socket.write(bytes)
  })
}

/** The complete answers at the beginning of what was received. Bodies are told by Content-Length; 1xx have none. */
function parseAnswers(received: Buffer): RawAnswer[] {
  const answers: RawAnswer[] = []
  for (let at = 0; ; ) {
    const end = received.indexOf('\r\n\r\n', at)
    if (end < 0) return answers
    const [first = '', ...lines] = received.toString('latin1', at, end).split('\r\n')
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? Number.NaN)
    const headers = new Map(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    )
    const length = Number(headers.get('content-length') ?? 0)
    if (received.length < end + 4 + length) return answers
    answers.push({ status, headers, body: received.toString('utf8', end + 4, end + 4 + length) })
    at = end + 4 + length
  }
}
