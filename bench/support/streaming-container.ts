import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from './program.ts'

/*
 * A container whose answer depends on the request's body: `stream` is answered with 40 bytes every 50 ms until the client has gone,
 * a number with so many bytes, as fast as they are taken; anything else with a few bytes. Says its address; asked anything, its counts.
 */

export interface ContainerCounts {
  /** Parts of streams written so far. */
  readonly chunks: number
  /** Answers that have begun and not ended. */
  readonly open: number
  /** When the last one lost its client, in milliseconds since the epoch; 0 when none has. */
  readonly leftAt: number
}

const CHUNK = 'x'.repeat(40)
const MILLISECONDS = 50
const LARGE = Buffer.alloc(64 * 1024, 'x')

let chunks = 0
let open = 0
let leftAt = 0

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  let body = ''
  request.setEncoding('latin1').on('data', (part: string) => {
    if (body.length < 16) body += part.slice(0, 16)
  })
  request.on('end', () => {
    if (body === 'stream') stream(response)
    else if (/^\d+$/.test(body)) large(response, Number(body))
    else response.end('0.97\n')
  })
  response.on('error', () => {})
})

function stream(response: ServerResponse): void {
  begin(response)
  // nginx passes on what it gets when it is told so here.
  response.writeHead(200, { 'X-Accel-Buffering': 'no' })
  const write = () => {
    chunks++
    response.write(CHUNK)
  }
  // Streams that all spoke in the same moment would cost less than streams do.
  const first = setTimeout(() => {
    const timer = setInterval(write, MILLISECONDS)
    response.once('close', () => clearInterval(timer))
  }, Math.random() * MILLISECONDS)
  response.once('close', () => clearTimeout(first))
}

function large(response: ServerResponse, bytes: number): void {
  begin(response)
  response.writeHead(200, { 'Content-Length': bytes })
  let left = bytes
  const write = () => {
    while (left > 0) {
      const part = LARGE.subarray(0, Math.min(left, LARGE.length))
      left -= part.length
      if (!response.write(part)) return
    }
    response.end()
  }
  response.on('drain', write)
  write()
}

function begin(response: ServerResponse): void {
  open++
  response.once('close', () => {
    open--
    if (!response.writableFinished) leftAt = performance.timeOrigin + performance.now()
  })
}

await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, resolve))
serve(
  { address: `127.0.0.1:${(server.address() as AddressInfo).port}` },
  (): ContainerCounts => ({ chunks, open, leftAt }),
)
