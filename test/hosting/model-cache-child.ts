import { createReadStream } from 'node:fs'
import { PassThrough } from 'node:stream'
import { openModelCache } from '../../src/services/sagemaker/hosting/model-data/model-cache.ts'
import { systemClock } from '../../src/shared/clock.ts'
import { silentLogger } from '../../src/telemetry/log.ts'
import { openLocalS3, rolePrincipal } from '../support/local-s3.ts'

/*
 * One worker of model-cache-processes.test.ts: materialises s3://models/model.tar.gz and prints the outcome as JSON.
 * `stall` makes its download stop halfway for good.
 */
const [s3Directory = '', directory = '', mode] = process.argv.slice(2)
const s3 = await openLocalS3(s3Directory)
if (mode === 'stall') {
  s3.bodies.push((path) => createReadStream(path, { end: 100_000 }).pipe(new PassThrough(), { end: false }))
}
// Waiting for another process keeps no event loop alive by itself; a server does that.
const alive = setInterval(() => {}, 1000)
const cache = await openModelCache({
  directory,
  s3,
  clock: systemClock,
  log: silentLogger,
  limits: { maximumBytes: 1e9, maximumFileBytes: 1e9, maximumEntries: 1000, maximumRatio: 200 },
  maximumBytes: 1e9,
  mounted: async () => new Set(),
})
const model = await cache.materialise({
  principal: rolePrincipal('execution'),
  data: { uri: 's3://models/model.tar.gz', form: 'archive', etag: undefined },
  container: 'container_1',
  timeoutSeconds: 60,
  signal: new AbortController().signal,
})
console.log(JSON.stringify(model))
clearInterval(alive)
