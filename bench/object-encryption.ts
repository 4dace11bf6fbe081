import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Readable } from 'node:stream'
import { openFileBlobStore } from '../src/storage/blobs/files/file-blob-store.ts'
import { median, printTable } from './support/measure.ts'

/*
 * Writes and reads the bytes of one object by turns plain, as before there was encryption, and encrypted, with the digests
 * that S3 takes of it (MD5, CRC64NVME), and prints the ratio of the medians.
 *   node bench/object-encryption.ts [megabytes] [rounds]
 */

const megabytes = Number(process.argv[2] ?? 256)
const rounds = Number(process.argv[3] ?? 5)
const MIB = 1024 * 1024

const folder = await mkdtemp(join(tmpdir(), 'slipway-bench-'))
const blobs = await openFileBlobStore(join(folder, 'objects'))
const block = randomBytes(64 * 1024)
const size = megabytes * MIB

function* body(): Generator<Uint8Array> {
  for (let at = 0; at < size; at += block.length) yield block
}

interface Round {
  readonly seconds: number
  readonly cpu: number
  /** The longest time that the event loop did nothing else, in milliseconds. */
  readonly held: number
}

async function measure(work: () => Promise<void>): Promise<Round> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const [start, before] = [performance.now(), process.cpuUsage()]
  delay.enable()
  await work()
  delay.disable()
  const { user, system } = process.cpuUsage(before)
  return { seconds: (performance.now() - start) / 1000, cpu: (user + system) / 1e6, held: delay.max / 1e6 }
}

const written = { plain: [] as Round[], encrypted: [] as Round[] }
const read = { plain: [] as Round[], encrypted: [] as Round[] }
try {
  for (let round = -1; round < rounds; round++) {
    for (const kind of round % 2 === 0 ? (['plain', 'encrypted'] as const) : (['encrypted', 'plain'] as const)) {
      const key = kind === 'plain' ? undefined : randomBytes(32)
      let blobId = ''
      const put = await measure(async () => {
        blobId = (await blobs.write(Readable.from(body()), { digests: ['MD5', 'CRC64NVME'], key })).blobId
      })
      const get = await measure(async () => {
        let received = 0
        const stream = await blobs.read(blobId, undefined, key === undefined ? undefined : { key, size })
        for await (const chunk of stream) received += (chunk as Uint8Array).length
        if (received !== size) throw new Error(`${received} bytes came back`)
      })
      await blobs.remove(blobId)
      // The first round warms up.
      if (round < 0) continue
      written[kind].push(put)
      read[kind].push(get)
    }
  }
} finally {
  await blobs.close()
  await rm(folder, { recursive: true, force: true })
}

const of = (list: readonly Round[], pick: (round: Round) => number) => median(list.map(pick))
const row = (name: string, { plain, encrypted }: typeof written): string[] => {
  const speed = (list: readonly Round[]) => `${Math.round(megabytes / of(list, (round) => round.seconds))}`
  const ratio = (pick: (round: Round) => number) => `${(of(encrypted, pick) / of(plain, pick)).toFixed(2)}×`
  return [
    name,
    speed(plain),
    speed(encrypted),
    ratio((round) => round.seconds),
    ratio((round) => round.cpu),
    `${of(plain, (round) => round.held).toFixed(1)}`,
    `${of(encrypted, (round) => round.held).toFixed(1)}`,
  ]
}
console.log(`${megabytes} MiB, ${rounds} rounds`)
printTable([
  ['', 'plain MiB/s', 'encrypted MiB/s', 'time', 'CPU', 'loop held, plain ms', 'encrypted ms'],
  row('write', written),
  row('read', read),
])
