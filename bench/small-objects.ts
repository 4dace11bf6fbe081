import { randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { sealSmall } from '../src/services/s3/content/small-content.ts'
import { createS3Facade } from '../src/services/s3/s3-facade.ts'
import { openBytes, sealBytes } from '../src/storage/blobs/sealed-bytes.ts'
import { testStores } from '../test/support/databases.ts'
import { ACCOUNT, accountRoot, startS3 } from '../test/support/s3-service.ts'
import { median, printTable } from './support/measure.ts'

/*
 * Writes and reads small objects at the facade of S3 by turns as files and in the rows of the database (SQLite, in the
 * folder for temporary files), by one writer and by 64. CPU is that of the process with all its threads.
 *   node bench/small-objects.ts [--rounds N] [--seconds N]
 */

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '4' } },
})
const rounds = Number(values.rounds)
/** How long each of the phases of a round takes, of which there are many. */
const milliseconds = Number(values.seconds) * 250

const SIZES = [1, 16, 32, 64].map((kib) => kib * 1024)
const WRITERS = [1, 64]
const KINDS = { file: 0, row: Math.max(...SIZES) } as const
type Kind = keyof typeof KINDS

interface Phase {
  readonly rate: number
  /** Microseconds an object. */
  readonly cpu: number
}

const store = testStores[0]
if (store === undefined) throw new Error('there is no SQLite')
const s3 = await startS3(await store.create())
const me = accountRoot(ACCOUNT)
const Bucket = 'small'
await s3.call('CreateBucket', { Bucket })
const facades = {
  file: createS3Facade({ ...s3.deps, inlineBytes: KINDS.file }),
  row: createS3Facade({ ...s3.deps, inlineBytes: KINDS.row }),
}

async function measure(callers: number, one: (index: number) => Promise<void>): Promise<Phase> {
  const [start, before] = [performance.now(), process.cpuUsage()]
  const end = start + milliseconds
  let done = 0
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (performance.now() < end) await one(done++)
    }),
  )
  const { user, system } = process.cpuUsage(before)
  return {
    rate: (done * 1000) / (performance.now() - start),
    cpu: (user + system) / done,
  }
}

const rows: string[][] = []
try {
  for (const size of SIZES) {
    for (const callers of WRITERS) {
      const put: Record<Kind, Phase[]> = { file: [], row: [] }
      const get: Record<Kind, Phase[]> = { file: [], row: [] }
      const body = randomBytes(size)
      for (let round = -1; round < rounds; round++) {
        for (const kind of round % 2 === 0 ? (['file', 'row'] as const) : (['row', 'file'] as const)) {
          const facade = facades[kind]
          let written = 0
          const key = (index: number) => `${size}/${callers}/${round}/${kind}/${index}`
          const puts = await measure(callers, async (index) => {
            await facade.putObject(me, Bucket, key(index), body)
            written++
          })
          const gets = await measure(callers, async (index) => {
            const got = await facade.getObject(me, Bucket, key(index % written))
            if ((await buffer(got.body)).length !== size) throw new Error('bytes are missing')
          })
          // The first round warms up.
          if (round < 0) continue
          put[kind].push(puts)
          get[kind].push(gets)
        }
      }
      rows.push(row(`PUT ${size / 1024} KiB, ${callers}`, put), row(`GET ${size / 1024} KiB, ${callers}`, get))
    }
  }
} finally {
  await s3.stop()
}

function row(name: string, { file, row }: Record<Kind, readonly Phase[]>): string[] {
  const of = (phases: readonly Phase[], pick: (phase: Phase) => number) => median(phases.map(pick))
  const least = (phases: readonly Phase[]) => Math.min(...phases.map(({ cpu }) => cpu))
  return [
    name,
    `${Math.round(of(file, ({ rate }) => rate))}`,
    `${Math.round(of(row, ({ rate }) => rate))}`,
    `${(of(row, ({ rate }) => rate) / of(file, ({ rate }) => rate)).toFixed(1)}×`,
    `${Math.round(least(file))}`,
    `${Math.round(least(row))}`,
    `${(least(row) / least(file)).toFixed(2)}×`,
  ]
}

console.log(`${rounds} rounds of ${milliseconds} ms`)
printTable([['', 'file/s', 'row/s', 'rate', 'CPU file µs', 'row µs', 'CPU'], ...rows])

console.log('\nHow long the event loop is held by the bytes of one object')
printTable([
  ['', 'digest and seal µs', 'open µs'],
  ...SIZES.map((size) => {
    const [key, bytes] = [randomBytes(32), randomBytes(size)]
    const digests = ['MD5', 'CRC64NVME'] as const
    const sealed = sealBytes(key, bytes)
    return [
      `${size / 1024} KiB`,
      microseconds(() => sealSmall(bytes, { digests, key })),
      microseconds(() => openBytes('blob', sealed, { key, size }, 0, size - 1)),
    ]
  }),
])

/** The median of many. */
function microseconds(work: () => void): string {
  const times = Array.from({ length: 2_000 }, () => {
    const start = performance.now()
    work()
    return (performance.now() - start) * 1000
  })
  return median(times).toFixed(0)
}
