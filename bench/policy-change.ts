import { parseArgs } from 'node:util'
import { rawCall } from '../test/support/api-call.ts'
import { startSlipway } from '../test/support/slipway.ts'
import { callsOf, element } from '../test/upgrade/calls.ts'
import { median } from './support/measure.ts'

/*
 * How long after the answer of PutUserPolicy the last of the workers has gone by the old policy. Asked for is a second.
 *   node bench/policy-change.ts [--rounds N]
 */

const TARGET = 1_000
const WORKERS = 2
/** Requests at once, so that each worker is asked. */
const ASKED = 16
/** Rounds without an answer by the old policy after which it counts as gone. */
const CALM = 10

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '20' } } })
const rounds = Number(values.rounds)

const server = await startSlipway({ workers: WORKERS })
try {
  const root = callsOf(server)
  await root.query('iam', 'CreateUser', { UserName: 'ann' })
  const key = await root.query('iam', 'CreateAccessKey', { UserName: 'ann' })
  const ann = {
    ...server,
    accessKeyId: element(key, 'AccessKeyId'),
    secretAccessKey: element(key, 'SecretAccessKey'),
  }
  const put = (Effect: string) => {
    const Statement = [{ Effect, Action: 'kms:ListKeys', Resource: '*' }]
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement })
    return root.query('iam', 'PutUserPolicy', { UserName: 'ann', PolicyName: 'Keys', PolicyDocument })
  }
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'TrentService.ListKeys' }
  const ask = async (status: number): Promise<boolean> => {
    const calls = Array.from({ length: ASKED }, () => rawCall(ann, 'kms', { headers, body: '{}' }))
    return (await Promise.all(calls)).every((answer) => answer.status === status)
  }

  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const [effect, status] = round % 2 === 0 ? (['Allow', 200] as const) : (['Deny', 400] as const)
    await put(effect)
    const start = performance.now()
    let last = 0
    for (let calm = 0; calm < CALM; calm++) {
      if (await ask(status)) continue
      last = performance.now() - start
      calm = -1
    }
    times.push(last)
  }
  const seen = times.filter((time) => time > 0).length
  console.log(
    `a change of policy: ${WORKERS} workers, ${ASKED} requests at once; in ${seen} of ${rounds} rounds one was still decided by ` +
      `the old policy, the last ${Math.max(...times).toFixed(0)} ms after the answer (median ${median(times).toFixed(0)}); asked for: ${TARGET}`,
  )
} finally {
  await server.stop()
}
