import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { unpackTarGz } from '../src/services/sagemaker/hosting/model-data/unpack-tar-gz.ts'

/*
 * Unpacks one model.tar.gz by turns with `tar xzf` and with Slipway, and prints the ratio of the medians.
 *   node bench/unpack.ts [megabytes] [rounds]
 */

const run = promisify(execFile)
const megabytes = Number(process.argv[2] ?? 512)
const rounds = Number(process.argv[3] ?? 5)
const MIB = 1024 * 1024

const limits = {
  maximumBytes: Number.MAX_SAFE_INTEGER,
  maximumFileBytes: Number.MAX_SAFE_INTEGER,
  maximumEntries: 1_000_000,
  maximumRatio: 1000,
}

/** Weights: little-endian floats with small exponents, of which gzip saves about as much as of a real model. */
function* weights(size: number): Generator<Buffer> {
  for (let left = size; left > 0; left -= MIB) {
    const block = randomBytes(Math.min(MIB, left))
    for (let at = 3; at < block.length; at += 4) block[at] = 0x3c + ((block[at] ?? 0) & 1)
    for (let at = 0; at < block.length; at += 4) block[at] = 0
    yield block
  }
}

async function makeArchive(directory: string): Promise<string> {
  const model = join(directory, 'model')
  await mkdir(join(model, 'code'), { recursive: true })
  const parts = 4
  for (let part = 1; part <= parts; part += 1) {
    const file = join(model, `weights-${part}.bin`)
    await pipeline(Readable.from(weights((megabytes / parts) * MIB)), createWriteStream(file))
  }
  for (let index = 0; index < 500; index += 1) {
    await pipeline(Readable.from([randomBytes(2048)]), createWriteStream(join(model, 'code', `part-${index}.py`)))
  }
  const archive = join(directory, 'model.tar.gz')
  await run('tar', ['czf', archive, '-C', model, '.'])
  await rm(model, { recursive: true })
  return archive
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN

const directory = await mkdtemp(join(tmpdir(), 'slw-bench-'))
try {
  const archive = await makeArchive(directory)
  const { size } = await stat(archive)
  console.log(`${megabytes} MiB in ${(size / MIB).toFixed(0)} MiB of gzip, ${rounds} rounds`)
  const output = join(directory, 'out')
  const tar: number[] = []
  const own: number[] = []
  const delays = monitorEventLoopDelay({ resolution: 1 })
  let resident = 0
  for (let round = 0; round <= rounds; round += 1) {
    await mkdir(output)
    const peer = await seconds(() => run('tar', ['xzf', archive, '-C', output]))
    await rm(output, { recursive: true })
    delays.enable()
    const signal = new AbortController().signal
    const mine = await seconds(() => unpackTarGz(createReadStream(archive), output, { limits, signal }))
    delays.disable()
    resident = Math.max(resident, process.memoryUsage.rss())
    await rm(output, { recursive: true })
    // The first round only warms the page cache.
    if (round > 0) {
      tar.push(peer)
      own.push(mine)
      console.log(`tar xzf ${peer.toFixed(2)} s   slipway ${mine.toFixed(2)} s   ×${(peer / mine).toFixed(2)}`)
    }
  }
  console.log(`median: ×${(median(tar) / median(own)).toFixed(2)} the speed of tar xzf`)
  const longest = (delays.percentile(99.9) / 1e6).toFixed(1)
  console.log(`event loop delay p99.9 ${longest} ms, ${(resident / MIB).toFixed(0)} MiB resident`)
} finally {
  await rm(directory, { recursive: true, force: true })
}
