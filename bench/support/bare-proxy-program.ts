import { type AddressInfo, connect, createServer } from 'node:net'
import { serve } from './program.ts'

/*
 * What Node takes to read bytes from one socket and to write them to another: a proxy that passes on what it gets and looks at none of
 * it. node bare-proxy-program.ts ADDRESS. Says its port.
 */

const [host = '', port = ''] = (process.argv[2] ?? '').split(':')
const BUFFER = Buffer.allocUnsafeSlow(64 * 1024)

const server = createServer({ noDelay: true }, (client) => {
  const callback = (size: number) => client.write(Buffer.from(BUFFER.subarray(0, size)))
  const container = connect({ host, port: Number(port), noDelay: true, onread: { buffer: BUFFER, callback } })
  client.on('data', (bytes) => container.write(bytes))
  client.on('error', () => {})
  container.on('error', () => {})
  client.on('close', () => container.destroy())
  container.on('close', () => client.destroy())
})

await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
serve({ port: (server.address() as AddressInfo).port }, () => undefined)
