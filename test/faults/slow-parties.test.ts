import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signRequest } from '../../src/wire/sigv4/sign.ts'
import { eventually } from '../support/eventually.ts'
import { type HostingFixture, startHosting } from '../support/hosting.ts'
import { lacksEngine } from '../support/shared-engine.ts'
import { workerPids } from '../support/worker-pids.ts'

const MIB = 1024 * 1024

describe.skipIf(lacksEngine('docker'))('slow clients and slow containers', () => {
  let hosting: HostingFixture
  beforeAll(async () => {
    const limits = { SLIPWAY_LIMITS_CONTAINER_SECONDS: '3', SLIPWAY_LIMITS_STREAM_SECONDS: '4' }
    hosting = await startHosting('docker', { env: limits })
    await hosting.deploy('slow')
  })
  afterAll(() => hosting?.stop())

  /** Of all workers, in bytes. */
  const memory = () =>
    workerPids(hosting.slipway).reduce((total, pid) => {
      const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
      return total + Number(kilobytes ?? 0) * 1024
    }, 0)

  /** A connection that has sent the head of an invocation and as much of its body as is given. */
  function begin(commands: string, body: string, { sent = body, stream = false } = {}): Socket {
    const { port, region, accessKeyId, secretAccessKey } = hosting.slipway
    const target = `/endpoints/slow/invocations${stream ? '-response-stream' : ''}`
    const signed = signRequest(
      {
        method: 'POST',
        target,
        headers: {
          host: `127.0.0.1:${port}`,
          'content-type': 'text/plain',
          'x-amzn-sagemaker-custom-attributes': commands,
        },
      },
      Buffer.from(body),
      { credentials: { accessKeyId, secretAccessKey }, region, service: 'sagemaker', now: Date.now() },
    )
    const head = Object.entries({ ...signed, 'content-length': String(body.length) }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    )
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(`POST ${target} HTTP/1.1\r\n${head.join('')}\r\n${sent}`)
    return socket
  }
  const printed = async (line: string) => (await hosting.printed('slow')).filter((one) => one === line).length
  /** How many connections the server has to the container. */
  const towardsContainer = async () => {
    const [container] = await hosting.containers('slow')
    const [address = '', port = ''] = container?.address?.split(':') ?? []
    const hex = address
      .split('.')
      .reverse()
      .map((part) => Number(part).toString(16).padStart(2, '0'))
      .join('')
      .toUpperCase()
    const remote = `${hex}:${Number(port).toString(16).toUpperCase().padStart(4, '0')}`
    const established = (line: string) => line.trim().split(/\s+/)[2] === remote && line.trim().split(/\s+/)[3] === '01'
    return readFileSync('/proc/net/tcp', 'utf8').split('\n').filter(established).length
  }

  it.each([
    ['accepts and never answers', 'hang'],
    ['answers its head and then nothing', 'size=10;drip=2;interval=60000'],
    ['answers a byte a second', 'size=60;drip=60;interval=1000'],
  ])('a container that %s is not waited for beyond its time', async (_what, commands) => {
    const began = performance.now()
    const { status, body } = await hosting.api.invoke('slow', { commands })
    expect(performance.now() - began).toBeLessThan(8_000)
    expect(status).toBe(424)
    expect(body).toMatch(/timed? ?out/i)
    expect((await hosting.api.invoke('slow')).status).toBe(200)
  })

  it('forty readers who do not read cost little memory, and hold up nobody', async () => {
    const before = memory()
    const readers = Array.from({ length: 40 }, () => begin(`size=${16 * MIB}`, 'x', { stream: true }).pause())
    try {
      await eventually(async () => expect(await towardsContainer()).toBeGreaterThanOrEqual(38), 20_000)
      expect((await hosting.api.invoke('slow')).status).toBe(200)
      const grown = memory() - before
      console.info(`40 readers who do not read: ${Math.round(grown / MIB)} MiB more, of ${40 * 16} MiB`)
      expect(grown).toBeLessThan(100 * MIB)
    } finally {
      for (const socket of readers) socket.destroy()
    }
    await eventually(async () => expect(await towardsContainer()).toBeLessThan(10))
  }, 60_000)

  it('two hundred senders who do not send on cost little memory, and no container sees them', async () => {
    const before = memory()
    const body = 'x'.repeat(MIB)
    const senders = Array.from({ length: 200 }, () => begin('stdout=seen', body, { sent: 'x'.repeat(1024) }))
    try {
      expect((await hosting.api.invoke('slow', { commands: 'stdout=passed' })).status).toBe(200)
      await eventually(async () => expect(await printed('passed')).toBe(1))
      expect(await printed('seen')).toBe(0)
      const grown = memory() - before
      console.info(`200 senders who do not send on: ${Math.round(grown / MIB)} MiB more, of 200 MiB announced`)
      expect(grown).toBeLessThan(60 * MIB)
    } finally {
      for (const socket of senders) socket.destroy()
    }
    expect((await hosting.api.invoke('slow')).status).toBe(200)
  }, 60_000)

  it('a client that leaves in mid-stream frees the container within a second', async () => {
    await eventually(async () => expect(await towardsContainer()).toBeLessThan(10))
    const idle = await towardsContainer()
    const socket = begin('size=1000;drip=100;interval=100', 'x', { stream: true })
    await new Promise((resolve) => socket.once('data', resolve))
    const during = await towardsContainer()
    expect(during).toBeGreaterThan(0)
    socket.destroy()
    const left = performance.now()
    await eventually(async () => expect(await towardsContainer()).toBeLessThan(Math.max(idle, during)), 1_000, 10)
    expect(performance.now() - left).toBeLessThan(1_000)
  })
})
