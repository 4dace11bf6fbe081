import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { parseArgs } from 'node:util'
import { callsOf } from '../test/upgrade/calls.ts'
import { type Facts, resources } from '../test/upgrade/resources.ts'
import { startProcess } from './machine/process.ts'

// Makes a data directory with a given version of Slipway, for test/upgrade to open with later ones. Run it at each
// release, with a name that will still say something later:
//   scripts/run.sh scripts/make-upgrade-fixture.ts --name 0.1.0 [--program /path/to/that/version/bin/slipway]

const { values } = parseArgs({ options: { name: { type: 'string' }, program: { type: 'string' } } })
const program = resolve(values.program ?? new URL('../bin/slipway', import.meta.url).pathname)
if (values.name === undefined || !/^[\w.-]+$/.test(values.name)) throw new Error('say what to call it: --name 0.1.0')
const fixture = new URL(`../test/upgrade/fixtures/${values.name}.tar.gz`, import.meta.url).pathname

const folder = mkdtempSync(join(tmpdir(), 'slw-fixture-'))
const data = join(folder, 'data')
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(SLIPWAY|AWS)_/.test(name)))
const args = ['serve', '--port', '0', '--workers', '1', '--runtime', 'none', '--data-dir', data]
const server = startProcess(program, args, { env: environment })
try {
  await server.waitForOutput(/ready at (http:\/\/\S+)/, 60_000)
  // By the version itself: opening the database here would bring it up to date.
  const printed = execFileSync(program, ['env', '--json', '--data-dir', data], { encoding: 'utf8', env: environment })
  const variables = JSON.parse(printed) as Record<string, string>
  const root = callsOf({
    url: variables.AWS_ENDPOINT_URL as string,
    region: variables.AWS_REGION as string,
    accessKeyId: variables.AWS_ACCESS_KEY_ID as string,
    secretAccessKey: variables.AWS_SECRET_ACCESS_KEY as string,
  })
  const facts: Record<string, Facts> = {}
  for (const [name, resource] of Object.entries(resources)) facts[name] = await resource.make(root)
  writeFileSync(join(folder, 'facts.json'), `${JSON.stringify(facts, undefined, 2)}\n`)
} finally {
  await server.stop(15_000)
}
const database = new DatabaseSync(join(data, 'slipway.db'))
database.exec('vacuum; pragma wal_checkpoint(truncate)')
database.close()
rmSync(join(data, 'server.json'), { force: true })
execFileSync('tar', [
  '-C',
  folder,
  '--sort=name',
  '--owner=0',
  '--group=0',
  '--numeric-owner',
  '-czf',
  fixture,
  'facts.json',
  'data',
])
rmSync(folder, { recursive: true })
console.log(fixture)
