import type { Socket } from 'node:net'

/**
 * Sends `text` and stops everything in this process for so many milliseconds. When it goes on, timers are due, and nothing of the
 * text has been read.
 */
export const holdUp = (milliseconds: number, socket: Socket, text: string): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(() => {
      socket.write(text)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
      resolve()
    })
  })
