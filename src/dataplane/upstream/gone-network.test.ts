import { expect, it } from 'vitest'
import { Connection } from './connection.ts'

it('sends nothing to an address outside the networks of this machine', async () => {
  const broken = await new Promise<{ reason: string; message: string }>((resolve) => {
    const owner = { onIdle: () => {}, onClose: () => {} }
    new Connection('203.0.113.7', 8080, 1_000, owner).send(
      'POST /invocations HTTP/1.1\r\n\r\n',
      { kind: 'collected', chunks: [] },
      {
        onProgress: () => {},
        onHead: () => {},
        onBody: () => true,
        onEnd: () => {},
        onBreak: (reason, error) => resolve({ reason, message: error.message }),
      },
    )
  })
  expect(broken).toEqual({ reason: 'not-sent', message: "the container's network is gone" })
})
