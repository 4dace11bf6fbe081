import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createPolicyCache } from '../src/access/policy/policy-cache.ts'
import type { Principal } from '../src/access/principal.ts'
import { rootPrincipal } from '../src/access/principals.ts'
import { createSagemakerDirectory } from '../src/services/sagemaker/resource-directory.ts'
import { systemClock } from '../src/shared/clock.ts'
import { watchCommits } from '../src/storage/commit-watch.ts'
import { openSqliteDatabase } from '../src/storage/sqlite/sqlite-database.ts'
import { statement } from '../src/storage/statement.ts'
import { startTableChangeFeed } from '../src/storage/table-change-feed.ts'
import { silentLogger } from '../src/telemetry/log.ts'
import { testAuthorizer } from '../test/support/authorizer.ts'
import { Identities } from '../test/support/identities.ts'
import { type InvocationGateway, startInvocationGateway } from '../test/support/invocation-gateway.ts'
import { manyPolicies } from './support/many-policies.ts'
import { median, printTable } from './support/measure.ts'
import { startStaticContainer } from './support/static-container.ts'
import { measure, writeScript } from './support/wrk.ts'

/*
 * What it costs InvokeEndpoint to be authorised: gateways in this one process before one and the same container, which
 * differ in nothing but who may call. Rounds take turns. CPU is this process's, so client and container do not count.
 *   node bench/authorized-invocations.ts [--rounds N] [--seconds N]
 */

const TARGET = 1.15
const ACCOUNT = '123456789012'
const ENDPOINT = 'bench'
const CONNECTIONS = 16
const BODY = 'x'.repeat(1024)

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '15' }, seconds: { type: 'string', default: '2' } },
})

interface Contestant {
  readonly name: string
  readonly url: string
  readonly script: string
  /** Microseconds a request, a round each. */
  readonly cpu: number[]
}

const directory = await mkdtemp(join(tmpdir(), 'slw-bench-'))
const database = await openSqliteDatabase({ file: join(directory, 'slipway.db') })
const watch = watchCommits(database, silentLogger)
const changeFeed = await startTableChangeFeed({ db: database, watch, clock: systemClock, log: silentLogger })
const sagemaker = createSagemakerDirectory({ database, changeFeed, policies: createPolicyCache() })
const container = await startStaticContainer()
const gateways: InvocationGateway[] = []

async function userWith(name: string, condition?: object): Promise<Principal> {
  const principal = await new Identities(database, changeFeed).user(ACCOUNT, name)
  const policies = manyPolicies(ACCOUNT, condition).map((Statement, index) => {
    const document = JSON.stringify({ Version: '2012-10-17', Statement })
    return { owner_id: principal.userId, name: `policy-${index}`, document, size: document.length }
  })
  await database.commit([statement(database.query.insertInto('iam_inline_policies').values(policies))])
  return principal
}

async function contestant(name: string, principal?: Principal): Promise<Contestant> {
  const authorizer = principal === undefined ? undefined : testAuthorizer(database, changeFeed, { sagemaker })
  const gateway = await startInvocationGateway({ ...(principal !== undefined && { principal, authorizer }) })
  gateways.push(gateway)
  const instance = { id: 'i-1', address: container.address }
  gateway.route(ENDPOINT, { variants: [{ name: 'a', weight: 1, share: 1, instances: [instance], strategy: 'RANDOM' }] })
  const target = `/endpoints/${ENDPOINT}/invocations`
  const headers = {
    ...gateway.signed(target, BODY),
    'user-agent': 'Boto3/1.43.11 md/Botocore#1.43.11 lang/python#3.11',
  }
  const script = await writeScript(directory, name.replaceAll(/\W/g, '-'), { method: 'POST', headers, body: BODY })
  return { name, url: `http://127.0.0.1:${gateway.port}${target}`, script, cpu: [] }
}

async function round({ url, script, cpu }: Contestant): Promise<void> {
  const before = process.cpuUsage()
  const { requests } = await measure(url, script, { connections: CONNECTIONS, seconds: Number(values.seconds) })
  const { user, system } = process.cpuUsage(before)
  cpu.push((user + system) / requests)
}

try {
  const contestants = [
    await contestant('nobody asks'),
    await contestant('root', rootPrincipal(ACCOUNT)),
    await contestant('20 policies of 10 statements', await userWith('ann')),
    await contestant(
      'the same, with a condition',
      await userWith('bob', { IpAddress: { 'aws:SourceIp': '127.0.0.0/8' } }),
    ),
  ]
  for (const one of contestants) await measure(one.url, one.script, { connections: CONNECTIONS, seconds: 2 })
  for (let count = 0; count < Number(values.rounds); count++) for (const one of contestants) await round(one)
  const [bare] = contestants as [Contestant]
  const least = ({ cpu }: Contestant) => Math.min(...cpu)
  printTable([
    ['', 'CPU a request', 'least', 'ratio', 'of the least'],
    ...contestants.map((one) => [
      one.name,
      `${median(one.cpu).toFixed(1)} µs`,
      `${least(one).toFixed(1)} µs`,
      `×${median(one.cpu.map((cpu, index) => cpu / (bare.cpu[index] as number))).toFixed(2)}`,
      `×${(least(one) / least(bare)).toFixed(2)}`,
    ]),
  ])
  console.log(`medians of ${values.rounds} rounds of ${values.seconds} s; the ratio's aim is ×${TARGET}`)
} finally {
  for (const gateway of gateways) await gateway.stop()
  await container.stop()
  await changeFeed.stop()
  watch.stop()
  await database.close()
  await rm(directory, { recursive: true, force: true })
}
